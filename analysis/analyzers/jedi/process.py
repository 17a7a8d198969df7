"""One jedi worker process and the pipe to it."""

from __future__ import annotations

import os
import sys
from collections import OrderedDict
from dataclasses import asdict
from pathlib import Path
from typing import Any

from analysis.facts import BaseDocument, Definition, Fact, FactKey, Parameter, ParameterKind, Signature
from analysis.worker_process import LineProcess, WorkerError, worker_variables

# The worker keeps as many (``worker.DOCUMENTS``).
DOCUMENTS = 8

START_LIMIT_S = 60.0

# jedi keeps every module it has read: 0.6 GB after 1,000 questions about a dozen libraries (measured).  A fresh
# process costs half a second in the background.
QUESTIONS_PER_LIFE = 1000
MOST_MEMORY = 1 << 30

WORKER = "analysis.analyzers.jedi.worker"


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
        command = (sys.executable, "-P", "-m", module, str(cache))
        self._worker = LineProcess(command, sys.prefix, worker_variables())
        self._known: OrderedDict[str, None] = OrderedDict()
        self._lives = QUESTIONS_PER_LIFE
        self._is_ready = False

    @property
    def worn_out(self) -> bool:
        """Whether it is time for a fresh process."""
        return self._lives <= 0 or resident(self.pid) > MOST_MEMORY

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._worker.pid

    def ask(self, document: BaseDocument, key: FactKey, limit: float) -> Fact | None:
        """Return the answer to ``key``, or None if jedi could not work on it.

        Raises:
            WorkerError: There is no answer within ``limit`` seconds, or none that makes sense; or the process has
                ended.
        """
        if not self._is_ready:
            with self._worker.deadline(START_LIMIT_S):
                self._worker.read()
            self._is_ready = True
        self._lives -= 1
        with self._worker.deadline(limit):
            self._introduce(document)
            self._worker.write(asdict(key))
            answer = self._worker.read()
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
        self._worker.kill()

    def close(self) -> None:
        """Kill and close the pipes; for the thread that asks."""
        self._worker.close()

    def _introduce(self, document: BaseDocument) -> None:
        """Send a document that the worker does not have any more, or never had."""
        if document.digest in self._known:
            return
        self._worker.write({"document": asdict(document)})
        self._known[document.digest] = None
        if len(self._known) > DOCUMENTS:
            self._known.popitem(last=False)


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
