"""One worker process around a language server, and the pipe to it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from analysis.analyzers.language_servers.answers import fact_of, question, sound
from analysis.analyzers.language_servers.repair import tails
from analysis.analyzers.language_servers.worker import Wish
from analysis.facts import UNRESOLVED, BaseDocument, Fact, FactKey, OpenFile
from analysis.worker_process import LineProcess, WorkerError, memory_of_group, plain_variables

WORKER = Path(__file__).with_name("worker.py")

# The worker notices itself when time is over; that it does not is a fault of its own.
GRACE_S = 5.0


def command(python: Path, worker: Path = WORKER) -> tuple[str, ...]:
    """Return what starts a worker.

    ``-O`` takes multilspy's assertions out: they compare what a server can do with what one version could.
    """
    return (str(python), "-I", "-O", "-B", str(worker))


class LspProcess:
    """A worker; for one thread, except ``kill``."""

    def __init__(self, command: Sequence[str], wish: Wish, name: str) -> None:
        """Start the process without waiting for it.

        Args:
            command: Starts the worker.
            wish: Which server it is to run.
            name: What the server is called where it does not say that itself.

        Raises:
            OSError: It cannot be started.
        """
        self._wish = wish
        self._server = name
        self._others: tuple[OpenFile, ...] = ()
        self._worker = LineProcess(command, sys.prefix, plain_variables())

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._worker.pid

    def wait(self) -> str:
        """Wait until the server is ready; return what it is, as in "clangd 19.1.7".

        Raises:
            WorkerError: It does not become ready; the message says why.
        """
        with self._worker.deadline(self._wish.start_s + GRACE_S):
            self._worker.write(asdict(self._wish))
            self._server = str(self._hear()["ready"]) or self._server
        return self._server

    def ask(self, document: BaseDocument, key: FactKey) -> Fact | None:
        """Return the answer to ``key``; None if it took too long.

        Raises:
            WorkerError: The server ended or talks nonsense, or the worker does.
        """
        fact: Fact | None = None
        for tail in tails(document, key):
            fact = self._ask(document, key, tail)
            if fact is None or fact.kind != UNRESOLVED:
                break
        return fact

    @property
    def memory(self) -> int:
        """The bytes that the worker and the server hold in memory; 0 where the system does not tell."""
        return memory_of_group(self.pid)

    def kill(self) -> None:
        """End the process and the server, and collect it; may be called from any thread, more than once."""
        self._worker.kill()

    def close(self) -> None:
        """Kill and close the pipes; for the thread that asks."""
        self._worker.close()

    def _ask(self, document: BaseDocument, key: FactKey, tail: str) -> Fact | None:
        with self._worker.deadline(self._wish.answer_s + GRACE_S):
            self._worker.write({**question(document, key, tail), **self._news(document.others)})
            answer = self._hear()
        if "error" in answer:
            return None if answer["error"] == "slow" else Fact(key, frozenset(), UNRESOLVED, "")
        try:
            return fact_of(document, key, answer["result"], self._server)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            raise WorkerError("the server talks nonsense") from error

    def _news(self, others: tuple[OpenFile, ...]) -> dict[str, Any]:
        """Return what the worker is told of other open files: nothing where they are what they were."""
        if others == self._others:
            return {}
        self._others = others
        return {"others": [(other.path, other.language, sound(other.text)) for other in others]}

    def _hear(self) -> dict[str, Any]:
        """Return what the worker says.

        Raises:
            WorkerError: That is, why it ends.
        """
        message = self._worker.read()
        if "fatal" in message:
            raise WorkerError(str(message["fatal"]))
        return message
