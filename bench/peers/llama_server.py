"""llama.cpp's server on this machine's loopback."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.peers.peer import PeerError, Written, running

HOST = "127.0.0.1"

# Seconds: for reading a model, and for one request.
START, REQUEST = 60, 60

# The cheapest chain that is greedy.
GREEDY = {"samplers": ["top_k"], "top_k": 1, "temperature": 0, "cache_prompt": True, "return_tokens": True}

# Drafts by n-grams as short as a fill-in-the-middle needs them; by default none is ever made for so short a text.
# The server's ngram-mod guesses more, is no more often right, and took as long (107M, three files).
DRAFTS: Mapping[str, tuple[str, ...]] = {
    "plain": (),
    "ngram-simple": ("--spec-type", "ngram-simple", "--spec-ngram-simple-size-n", "3")
    + ("--spec-ngram-simple-size-m", "8"),
    "ngram-map-k": ("--spec-type", "ngram-map-k", "--spec-ngram-map-k-size-n", "3", "--spec-ngram-map-k-size-m", "8")
    + ("--spec-ngram-map-k-min-hits", "1"),
}


class LlamaServer:
    """A server that runs."""

    def __init__(self, port: int) -> None:
        """Talk to the server on ``port``."""
        self._port = port

    def write(self, prompt: Sequence[int], most: int) -> Written:
        """Have it write; its time is what its own clock says of prompt and text, the way over HTTP is not in it.

        Raises:
            PeerError: It does not answer, or not as its documentation says.
        """
        answer = self._ask("POST", "/completion", {"prompt": list(prompt), "n_predict": most, **GREEDY})
        timings = answer["timings"]
        return Written(tuple(answer["tokens"]), (timings["prompt_ms"] + timings["predicted_ms"]) / 1000)

    def is_ready(self) -> bool:
        """Whether it has read its model."""
        try:
            self._ask("GET", "/health")
        except PeerError:
            return False
        return True

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        connection = http.client.HTTPConnection(HOST, self._port, timeout=REQUEST)
        try:
            connection.request(method, path, json.dumps(body), {"Content-Type": "application/json"})
            reply = connection.getresponse()
            answer = json.load(reply)
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise PeerError(f"llama-server does not answer ({error}); run it by hand to see why") from error
        finally:
            connection.close()
        if reply.status != http.client.OK:
            raise PeerError(f"llama-server answers {reply.status}: {answer}")
        return answer


@contextmanager
def served(program: Path, model: Path, options: Sequence[str], threads: int, context: int) -> Iterator[LlamaServer]:
    """Run a server for one client.

    Args:
        program: llama-server.
        model: GGUF file.
        options: Further ones of its command line.
        threads: On which it computes.
        context: Tokens of prompt and text, at most.

    Raises:
        PeerError: It does not start.
    """
    port = free_port()
    command = [str(program), "--model", str(model), "--host", HOST, "--port", str(port), "--parallel", "1"]
    command += ["--threads", str(threads), "--threads-batch", str(threads), "--ctx-size", str(context), *options]
    silent: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with running(command, **silent) as process:
        server, end = LlamaServer(port), time.monotonic() + START
        while not server.is_ready():
            if process.poll() is not None or time.monotonic() > end:
                raise PeerError(f"llama-server does not start; run it by hand to see why: {' '.join(command)}")
            time.sleep(0.1)
        yield server


def free_port() -> int:
    """Return a port of the loopback that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        port: int = listener.getsockname()[1]
    return port
