"""One jedi worker process and the pipe to it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from analysis.facts import BaseDocument, Definition, Fact, FactKey, Parameter, ParameterKind, Signature
from analysis.worker_process import end_group, own_group, worker_variables

# The worker keeps as many (``jedi_worker.DOCUMENTS``).
DOCUMENTS = 8

START_LIMIT_S = 60.0

# jedi keeps every module it has read: 0.6 GB after 1,000 questions about a dozen libraries (measured).  A fresh
# process costs half a second in the background.
QUESTIONS_PER_LIFE = 1000
MOST_MEMORY = 1 << 30

# Names of the largest modules take a tenth of it.
LONGEST_ANSWER = 8 << 20

WORKER = "analysis.analyzers.jedi_worker"


class WorkerError(Exception):
    """The worker died, was killed because it took too long, or talks nonsense."""


class JediProcess:
    """A worker; for one thread, except ``kill``."""

    def __init__(self, cache: Path, module: str = WORKER) -> None:
        """Start the process without waiting for it.

        Args:
            cache: Folder for jedi's parser cache.
            module: What runs in it.

        Raises:
            OSError: It cannot be started.
        """
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", module, str(cache)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=sys.prefix,
            env=worker_variables(),
            encoding="utf-8",
            **own_group(),
        )
        self._known: OrderedDict[str, None] = OrderedDict()
        self._lives = QUESTIONS_PER_LIFE
        self._is_ready = False
        self._killing = threading.Lock()

    @property
    def worn_out(self) -> bool:
        """Whether it is time for a fresh process."""
        return self._lives <= 0 or resident(self.pid) > MOST_MEMORY

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    def ask(self, document: BaseDocument, key: FactKey, limit: float) -> Fact | None:
        """Return the answer to ``key``, or None if jedi could not work on it.

        Raises:
            WorkerError: There is no answer within ``limit`` seconds, or none that makes sense; or the process has
                ended.
        """
        if not self._is_ready:
            with self._deadline(START_LIMIT_S):
                self._read()
            self._is_ready = True
        self._lives -= 1
        with self._deadline(limit):
            self._introduce(document)
            self._write(asdict(key))
            answer = self._read()
        if "error" in answer:
            return None
        try:
            names = frozenset(str(name) for name in answer["names"])
            definitions = tuple(Definition(str(path), str(text)) for path, text in answer["definitions"])
            return Fact(key, names, str(answer["kind"]), str(answer["origin"]), signatures_of(answer), definitions)
        except (KeyError, TypeError, ValueError) as error:
            raise WorkerError("the answer makes no sense") from error

    def kill(self) -> None:
        """End the process, jedi's helper with it, and collect it; may be called from any thread, more than once."""
        with self._killing:
            if self._process.poll() is None:
                end_group(self._process)
            self._process.wait()

    def close(self) -> None:
        """Kill and close the pipes; for the thread that asks."""
        self.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def _introduce(self, document: BaseDocument) -> None:
        """Send a document that the worker does not have any more, or never had."""
        if document.digest in self._known:
            return
        self._write({"document": asdict(document)})
        self._known[document.digest] = None
        if len(self._known) > DOCUMENTS:
            self._known.popitem(last=False)

    def _write(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(message) + "\n")
            self._process.stdin.flush()
        except (OSError, ValueError) as error:
            raise WorkerError("the worker has ended") from error

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        try:
            line = self._process.stdout.readline(LONGEST_ANSWER)
        except (OSError, ValueError) as error:
            raise WorkerError("the worker has ended") from error
        if not line.endswith("\n"):
            raise WorkerError("the worker has ended")
        try:
            message = json.loads(line)
        except ValueError as error:
            raise WorkerError("the answer makes no sense") from error
        if not isinstance(message, dict):
            raise WorkerError("the answer makes no sense")
        return message

    @contextlib.contextmanager
    def _deadline(self, seconds: float) -> Iterator[None]:
        """Kill the process unless the block is left in time; its pipes then end, and so does the block."""
        timer = threading.Timer(seconds, self.kill)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()


def signatures_of(answer: dict[str, Any]) -> tuple[Signature, ...]:
    """Read the signatures in a worker's answer."""
    return tuple(
        Signature(
            tuple(Parameter(name, ParameterKind(kind), required, tuple(texts)) for name, kind, required, texts in way)
        )
        for way in answer["signatures"]
    )


def resident(pid: int) -> int:
    """Return the bytes that a process holds in memory; 0 where the system does not tell."""
    try:
        with open(f"/proc/{pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0
