"""The program as a user runs it, on the shared engine: a tiny checkpoint, real processes."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from completion.hosts import control
from completion.hosts.run_folder import EngineFiles, engines, run_folder
from completion.types import CompletionRequest, CompletionResult, Document, Limits
from tests.lsp_server.wire import ROOT, Client
from tests.models import tiny_checkpoints
from verifill.cli import run
from verifill.options import ModelOptions
from verifill.wiring import host_for

pytestmark = pytest.mark.slow

CODE = "import os\n\nhere = os.pa\n"


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("tiny")
    return str(tiny_checkpoints.save(folder, tiny_checkpoints.llama(tie_word_embeddings=True)))


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A run folder whose engines are ended."""
    with tempfile.TemporaryDirectory(prefix="vf") as base:
        monkeypatch.setenv("XDG_RUNTIME_DIR", base)
        monkeypatch.setenv("PYTHONPATH", str(ROOT))
        yield run_folder()
        for files in engines(run_folder()):
            assert control.stop(files)


def only_engine() -> EngineFiles:
    (files,) = engines(run_folder())
    return files


def request(max_tokens: int = 8) -> CompletionRequest:
    return CompletionRequest(
        Document("/project/a.py", CODE),
        CODE.index("\n", 12),
        "/project",
        facts="none",
        limits=Limits(max_tokens=max_tokens),
    )


def same(result: CompletionResult) -> CompletionResult:
    """Return what must not depend on where a result was made, nor on which drafter was the luckier one before."""
    tokens = tuple(dataclasses.replace(token, origin="") for token in result.tokens)
    return dataclasses.replace(result, timings_ms={}, counters={}, tokens=tokens)


def test_five_windows(folder: Path, checkpoint: str, capsys: pytest.CaptureFixture[str]) -> None:
    """They share one model, and the text is the one that the same model gives in process; status and stop know it."""
    model = ModelOptions(checkpoint)
    windows = [host_for(model, in_process=False).open() for _ in range(5)]
    local = host_for(model, in_process=True).open()
    expected = same(local.complete_now(request()))
    local.close()
    for window in windows:
        assert same(window.complete_now(request())) == expected
    assert run(["engine", "status", "--json"]) == 0
    (status,) = json.loads(capsys.readouterr().out)
    assert (status["fronts"], status["service"]["finished"] >= 5) == (5, True)
    assert run(["engine", "status"]) == 0
    words = r"process \d+, up 0 min, \d+ MB: model .* in float32 on cpu; windows and servers: 5; requests: .*\n"
    assert re.fullmatch(words, capsys.readouterr().out)
    assert run(["engine", "stop"]) == 0
    assert list(engines(folder)) == []
    assert windows[0].complete_now(request()).text == expected.text
    for window in windows:
        window.close()


def test_killed_while_it_completes(folder: Path, checkpoint: str) -> None:
    """The request is answered by the next engine, as it would have been by the first."""
    window = host_for(ModelOptions(checkpoint), in_process=False).open()
    first = only_engine().read_record()
    assert first is not None
    asked = dataclasses.replace(request(100), candidates=8, monitors=(), drafters=())
    undisturbed = window.complete_now(asked)
    threading.Timer(0.05, os.kill, (first.pid, signal.SIGKILL)).start()
    result = window.complete_now(asked)
    window.close()
    second = only_engine().read_record()
    assert second is not None
    assert second.pid != first.pid
    assert same(result) == same(undisturbed)
    assert result.counters["prefilled_tokens"] == undisturbed.counters["prefilled_tokens"] > 0


def test_a_new_user_asks(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without any engine `status` and `stop` say so; without a command the commands are named."""
    assert run(["engine", "status"]) == 0
    message = "verifill: no engine is running; editors and verifill serve start one when they need it\n"
    assert capsys.readouterr() == ("", message)
    assert run(["engine", "status", "--json"]) == 0
    assert capsys.readouterr() == ("[]\n", "")
    assert run(["engine", "stop"]) == 0
    assert capsys.readouterr() == ("", message)
    assert run(["engine"]) == 2
    assert {"run", "status", "stop"} <= set(capsys.readouterr().out.split())


def test_fronts_are_light(folder: Path, checkpoint: str) -> None:
    """Neither front imports what the engine needs, also when it has completed something."""
    code = f"""
import sys
from completion.types import CompletionRequest, Document, Limits
from verifill import editor, serving
from verifill.options import ModelOptions
from verifill.wiring import host_for
service = host_for(ModelOptions({checkpoint!r}), in_process=False).open()
service.complete_now(CompletionRequest(Document("/a.py", "x = "), 4, "/", limits=Limits(max_tokens=2)))
service.close()
print(*{{"torch", "transformers", "numpy", "numba", "jedi"}} & set(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=folder)
    assert (done.stdout, done.stderr) == ("\n", "")


def test_language_server(folder: Path, checkpoint: str) -> None:
    """An editor's window completes on the engine, also after it was killed, and leaves it running."""
    client = Client((sys.executable, "-m", "verifill", "lsp", "--model", checkpoint))
    client.ready()
    client.open("file:///project/a.py", CODE)
    assert "error" not in client.reply(client.complete("file:///project/a.py", 2, 12))
    record = only_engine().read_record()
    assert record is not None
    os.kill(record.pid, signal.SIGKILL)
    assert "error" not in client.reply(client.complete("file:///project/a.py", 2, 12))
    assert client.close() == 0
    assert only_engine().is_running()


def test_command_line_uses_a_running_engine(
    folder: Path, checkpoint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`complete` asks an engine that is there, starts none, and gives the same text without one."""
    (tmp_path / "a.py").write_text(CODE)
    arguments = ["complete", f"{tmp_path / 'a.py'}:3", "--json", "--facts", "none", "--model", checkpoint]
    texts = []

    def finished() -> int:
        values = control.status_of(only_engine())
        assert values is not None
        return int(values["service"]["finished"])

    assert run(arguments) == 0
    texts.append(json.loads(capsys.readouterr().out)["text"])
    assert list(engines(folder)) == []
    host_for(ModelOptions(checkpoint), in_process=False).open().close()
    for extra, asked in ((["--in-process"], 0), ([], 1)):
        before = finished()
        assert run([*arguments, *extra]) == 0
        assert finished() == before + asked
        texts.append(json.loads(capsys.readouterr().out)["text"])
    assert len(set(texts)) == 1


def test_foreground(folder: Path, checkpoint: str) -> None:
    """In a terminal the engine says when it is ready, is the only one, and ends with Ctrl-C, leaving nothing."""
    command = [sys.executable, "-m", "verifill", "engine", "run", "--model", checkpoint]
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True) as engine:
        assert engine.stderr is not None
        assert "was not trained to fill in middles" in engine.stderr.readline()  # its weights are random
        assert engine.stderr.readline() == "verifill: the engine is ready\n"
        second = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert (second.returncode, second.stderr.count("\n"), "runs already" in second.stderr) == (0, 1, True)
        engine.send_signal(signal.SIGINT)
        assert engine.wait(60) == 130
        assert engine.stderr.read() == ""
    assert list(folder.iterdir()) == []


def test_a_model_that_cannot_be_loaded(folder: Path) -> None:
    """`serve` says why as it does in process, and ends with code 3."""
    command = [sys.executable, "-m", "verifill", "serve", "--port", "0", "--model", "./gone"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert re.fullmatch(r"verifill: token: .*\nverifill: no folder \./gone; .*\n", done.stderr)
