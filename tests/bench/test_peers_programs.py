"""Each program is asked right, and none outlives the bench; llama.cpp and the libraries run in the bench alone."""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.keystrokes import places
from bench.peers import hugging_face
from bench.peers.llama_server import DRAFTS, HOST, LlamaServer, served
from bench.peers.ours import Ours
from bench.peers.peer import Peer, PeerError, running
from bench.peers.piped import Piped
from bench.peers.prompts import keystrokes
from models.checkpoint_files import locate
from models.checkpoints import LoadedModel, load

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def model() -> LoadedModel:
    return load(None, "float32", "cpu")


def test_all_that_run_here_write_the_same(model: LoadedModel) -> None:
    """Plain and with drafts, ours and transformers', whatever was written before."""
    peer, ends = hugging_face.read(locate(None)[0], "float32"), model.format.end_ids
    writers: list[Peer] = [
        Ours(model, ()),
        Ours(model, None),
        hugging_face.Greedy(peer, ends),
        hugging_face.Assisted(peer, ends, prompt_lookup_num_tokens=hugging_face.LOOKED_UP),
    ]
    prompts = [stroke.prompt for path in places(2, seed=5) for stroke in keystrokes(path, 2, model, 200)]
    for prompt in (*prompts, prompts[0], prompts[0]):
        texts = [writer.write(prompt, 12) for writer in writers]
        assert len({text.tokens for text in texts}) == 1
        assert texts[0].tokens
        assert all(text.seconds > 0 for text in texts)


class Handler(http.server.BaseHTTPRequestHandler):
    """Speaks as llama-server does."""

    def do_POST(self) -> None:
        """Write the prompt backwards."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        tokens = asked["prompt"][::-1][: asked["n_predict"]]
        known = asked["cache_prompt"] and asked["top_k"] == 1
        self.answer(200 if known else 400, {"tokens": tokens, "timings": {"prompt_ms": 30, "predicted_ms": 20}})

    def do_GET(self) -> None:
        """Be busy."""
        self.answer(503, {"error": {"message": "Loading model"}})

    def answer(self, status: int, body: Any) -> None:
        """Send an answer."""
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    server = http.server.HTTPServer((HOST, 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def test_llama_server_is_asked_for_ids_and_its_own_time(port: int) -> None:
    """A server that is still loading is not ready."""
    server = LlamaServer(port)
    assert server.write([1, 2, 3], 2) == ((3, 2), 0.05)
    assert not server.is_ready()


def test_a_server_that_is_not_there_is_an_error() -> None:
    """It names what to do."""
    with pytest.raises(PeerError, match="run it by hand"):
        LlamaServer(1).write([1], 1)


@pytest.mark.parametrize("drafts", DRAFTS)
def test_a_server_that_ends_at_once_says_its_command_line(drafts: str) -> None:
    """Instead of waiting for it."""
    begin = time.monotonic()
    with pytest.raises(PeerError, match=r"/bin/false --model m.gguf .*--threads 3"):
        with served(Path("/bin/false"), Path("m.gguf"), DRAFTS[drafts], 3, 64):
            pytest.fail("it cannot run")
    assert time.monotonic() - begin < 30


ANSWERING = """\
from bench.peers.answering import answer_with

def write(prompt, most):
    print("a library says something")
    if not prompt:
        raise SystemExit
    return prompt[:most]

answer_with(write)
"""


def test_a_piped_program_answers_line_by_line(tmp_path: Path) -> None:
    """What libraries print is no answer, and one that has ended is an error."""
    (tmp_path / "answering.py").write_text(ANSWERING)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(tmp_path / "answering.py")]
    quiet = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with running(command, environment, **quiet) as process:
        peer = Piped("it", process)
        assert peer.answer(60) == {"ready": True}
        assert peer.write([5, 6, 7], 2).tokens == (5, 6)
        with pytest.raises(PeerError, match="it does not answer"):
            peer.write([], 2)
        process.wait()
        with pytest.raises(PeerError, match="it "):
            peer.write([5], 2)


def test_a_program_is_killed_behind_an_error() -> None:
    """At once, however long it would run."""
    with pytest.raises(RuntimeError):
        with running(["/bin/sleep", "600"]) as process:
            raise RuntimeError
    assert process.returncode is not None


STARTING = """\
import time
from bench.peers.peer import running
with running(["/bin/sleep", "600"]) as process:
    print(process.pid, flush=True)
    time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is of Linux")
def test_a_program_ends_with_a_bench_that_is_killed() -> None:
    """Even if nothing of ours runs any more."""
    bench = subprocess.Popen([sys.executable, "-c", STARTING], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert bench.stdout is not None
    program = int(bench.stdout.readline())
    end = time.monotonic() + 30
    while b"sleep" not in Path(f"/proc/{program}/cmdline").read_bytes().split(b"\0")[0]:
        assert time.monotonic() < end
        time.sleep(0.02)
    bench.kill()
    bench.wait()
    bench.stdout.close()
    while is_running(program):
        assert time.monotonic() < end
        time.sleep(0.02)


def is_running(process: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
