"""Libraries that run in a process of their own, with their own threads: a question and an answer are a line each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.peers.peer import PeerError, Written, running

# Seconds: for reading a model, and for one request.
START, REQUEST = 120, 60


class Piped:
    """A process that answers."""

    def __init__(self, name: str, process: subprocess.Popen[str]) -> None:
        """Talk to ``process``, which messages call ``name``."""
        self._name = name
        self._process = process

    def write(self, prompt: Sequence[int], most: int) -> Written:
        """Have it write; its time is what it took itself.

        Raises:
            PeerError: It does not answer.
        """
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps({"prompt": list(prompt), "most": most}) + "\n")
            self._process.stdin.flush()
        except OSError as error:
            raise PeerError(f"{self._name} has ended ({error})") from error
        answer = self.answer(REQUEST)
        return Written(tuple(answer["tokens"]), answer["seconds"])

    def answer(self, seconds: float) -> Any:
        """Return the next line it writes.

        Raises:
            PeerError: None came in time.
        """
        assert self._process.stdout is not None
        timer = threading.Timer(seconds, self._process.kill)
        timer.start()
        line = self._process.stdout.readline()
        timer.cancel()
        if not line:
            raise PeerError(f"{self._name} does not answer; what it said stands above")
        return json.loads(line)


@contextmanager
def piped(name: str, module: str, packages: Path, question: dict[str, Any], threads: int) -> Iterator[Piped]:
    """Run one of the modules beside this one in an environment that has further packages.

    Args:
        name: As messages say.
        module: Its name in this package.
        packages: Folder that they are installed in.
        question: What it is to load; ``threads`` is added.
        threads: On which it computes.

    Raises:
        PeerError: It does not start.
    """
    root = Path(__file__).parents[2]
    paths = os.pathsep.join((str(root), str(packages)))
    environment = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": str(threads)}
    loaded = json.dumps({**question, "threads": threads})
    command = [sys.executable, "-m", f"bench.peers.{module}", loaded]
    with running(command, environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        peer = Piped(name, process)
        peer.answer(START)
        yield peer
