"""The program as a user runs it: `verifill serve`, the embedded model, real analysis, a real socket."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from openai import OpenAI

from tests.lsp_server.wire import ROOT
from verifill.cli import run

PATIENCE = 120.0
CODE = "import os\n\nhere = os.pa\n"
CURSOR = CODE.index("\n", 12)


class Program:
    """A running `verifill serve`."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        """Start it in ``folder``."""
        command = [sys.executable, "-m", "verifill", "serve", "--in-process", "--port", "0", *arguments]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(folder / "cache")}
        self.process = subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True)
        self.said = ""

    def until(self, pattern: str) -> str:
        """Read standard error until a line matches, and return the match's first group."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said += line
            if match := re.search(pattern, line):
                return match[1]
        raise AssertionError(self.said)

    def end(self, number: signal.Signals) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        _, rest = self.process.communicate(timeout=PATIENCE)
        self.said += rest
        return self.process.returncode


def same(one: Any, other: Any) -> bool:
    """Compare results, but for what another process may do in another way: times, how far it guessed, rounding."""
    if isinstance(one, dict):
        kept = one.keys() - {"timings_ms", "counters", "origin"}
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in kept)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return one == (pytest.approx(other, abs=1e-3) if isinstance(other, float) else other)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").touch()
    return tmp_path


@pytest.fixture
def program(folder: Path) -> Iterator[Program]:
    token = folder / "token"
    token.write_text("0123456789abcdef\n")
    token.chmod(0o600)
    program = Program(folder, "--token-file", str(token))
    yield program
    if program.process.poll() is None:
        program.process.kill()
    program.process.communicate()


@pytest.mark.slow
def test_serve(program: Program, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each dialect completes, as the command line does; the server leaves cleanly and has logged nothing."""
    url = program.until(r"ready at (http://127\.0\.0\.1:\d+)$")
    bearer = {"Authorization": "Bearer 0123456789abcdef"}
    with httpx.Client(base_url=url, headers=bearer, timeout=PATIENCE) as client:
        assert client.get("/v1/models").json()["data"][0]["id"] == "embedded"
        (folder / "a.py").write_text(CODE)
        body = {"path": "a.py", "text": CODE, "offset": CURSOR, "facts": "none"}  # their time must not matter here
        ours = client.post("/v1/complete", json=body).json()
        assert run(["complete", f"{folder / 'a.py'}:3", "--json", "--facts", "none", "--in-process"]) == 0
        theirs = json.loads(capsys.readouterr().out)
        assert same(ours, theirs)
        assert client.get("/v1/health").json()["device"] == ours["device"]
        code = {"prefix": CODE[:CURSOR], "suffix": CODE[CURSOR:]}
        tabby = client.post("/v1/completions", json={"segments": {**code, "filepath": "a.py"}}).json()
        assert [bool(choice["text"]) for choice in tabby["choices"]] == [True]
        vim = {"input_prefix": CODE[:11], "prompt": CODE[11:CURSOR], "input_suffix": CODE[CURSOR:]}
        assert client.post("/infill", json={**vim, "n_predict": 0}).json()["content"] == ""
        assert client.post("/infill", json=vim).json()["stop"] is True
        assert client.post("/infill", content=b"x" * 33_000_000).status_code == 413
    with OpenAI(base_url=f"{url}/v1", api_key="0123456789abcdef", timeout=PATIENCE) as official:
        reply = official.completions.create(model="any", prompt=code["prefix"], suffix=code["suffix"], max_tokens=8)
        assert reply.usage is not None
        assert reply.usage.completion_tokens <= 8
    assert program.end(signal.SIGTERM) == 0
    assert program.said == f"verifill: ready at {url}\n"


@pytest.mark.slow
def test_a_client_that_hangs_up(program: Program) -> None:
    """Its completion ends, the next client is answered, and an interrupt ends the server with 130."""
    url = program.until(r"ready at (\S+)$")
    port = int(url.rpartition(":")[2])
    body = json.dumps({"path": "a.py", "text": "x = ", "offset": 4, "max_tokens": 512, "candidates": 16}).encode()
    head = f"POST /v1/complete HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(f"{head}Authorization: Bearer 0123456789abcdef\r\n\r\n".encode() + body)
    with httpx.Client(base_url=url, headers={"Authorization": "Bearer 0123456789abcdef"}, timeout=PATIENCE) as client:
        reply = client.post("/v1/complete", json={"path": "a.py", "text": CODE, "offset": CURSOR, "max_tokens": 4})
    assert reply.status_code == 200
    assert program.end(signal.SIGINT) == 130
    assert program.said == f"verifill: ready at {url}\n"


@pytest.mark.slow
def test_a_random_token_is_shown_once(folder: Path) -> None:
    """Without a file the token is made at start; while the model loads the server can be stopped, too."""
    program = Program(folder)
    token = program.until(r"token: (\S+) ")
    assert len(token) >= 43
    assert program.end(signal.SIGTERM) == 0
    assert re.fullmatch(r"verifill: token: .*\n(verifill: ready at .*\n)?", program.said)
    assert not [path for path in folder.rglob("*") if path.is_file() and token in path.read_text(errors="replace")]


@pytest.mark.slow
def test_a_model_that_cannot_be_loaded(folder: Path) -> None:
    """The server ends with code 3 and the reason in one line."""
    program = Program(folder, "--model", "./gone")
    program.process.wait(PATIENCE)
    assert program.end(signal.SIGTERM) == 3
    assert re.fullmatch(r"verifill: token: .*\nverifill: no folder \./gone; .*\n", program.said)


def test_bad_arguments(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be served is said in one line, with code 2."""
    (folder / "open").write_text("0123456789abcdef")
    (folder / "open").chmod(0o644)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for arguments, message in [
            (["--port", str(port)], f"cannot listen on 127.0.0.1 port {port}: Address already in use"),
            (["--host", "0.0.0.0", "--port", "0"], "--host 0.0.0.0 can be reached from other machines; give "),
            (["--host", "no.such.host.invalid"], "cannot listen on no.such.host.invalid port 8765: "),
            (["--token-file", str(folder / "open")], f"--token-file: {folder / 'open'} may be used by others"),
            (["--port", "65536"], "Invalid value for '--port'"),
        ]:
            assert run(["serve", *arguments]) == 2
            printed = capsys.readouterr()
            assert (printed.out, printed.err.count("\n")) == ("", 1)
            assert printed.err.startswith(f"verifill: {message}")
