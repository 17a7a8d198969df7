"""One language server for one workspace: started when something is asked, started again when it fails, or given up."""

from __future__ import annotations

import threading
from collections.abc import Callable

from analysis.analyzers.language_servers.process import LspProcess
from analysis.facts import BaseDocument, FactKey
from analysis.question_queue import Job, QuestionQueue
from analysis.store import Deliver
from analysis.worker_process import WorkerError

# A server that fails more often than this is left alone.
MOST_RESTARTS = 3

# So many answers in a row make up for the failures before them.
HEALTHY_ANSWERS = 100

# Questions in a row without an answer in time: the server hangs.
MOST_SLOW = 3

# A server that holds more bytes is started anew, as if it had failed; it is looked after so many answers.
MOST_MEMORY = 4 << 30
LOOK_EVERY = 50

# Who asks while a server starts may wait for it so long; who asks later does without.
PATIENCE_S = 5.0

# A server that nobody asks for so long is ended.
IDLE_S = 1800.0

FIRST_PAUSE_S = 0.1

STARTING = "the server is starting"

Start = Callable[[], LspProcess]
"""Starts the worker process.

Raises:
    OSError: It cannot be started.
"""


class Seat:
    """Answers the questions about one workspace in the languages of one server."""

    def __init__(self, workspace: str, start: Start, added: int) -> None:
        """Take questions; nothing is started before the first.

        Args:
            workspace: What the server looks at.
            start: Starts it.
            added: When it was added, ``Home.added``.
        """
        self.added = added
        self._workspace = workspace
        self._start = start
        self._questions = QuestionQueue()
        self._failures = 0
        self._answers = 0
        self._trouble = ""
        self._turned_away = threading.Event()
        self._closed = threading.Event()
        self._process: LspProcess | None = None
        self._holding = threading.Lock()
        self._thread = threading.Thread(target=self._serve, name="language-server", daemon=True)
        self._thread.start()

    def submit(self, document: BaseDocument, key: FactKey, deliver: Deliver) -> None:
        """Queue a question; where the server takes long to start or is given up, None is delivered at once."""
        if self._turned_away.is_set():
            deliver(None)
        else:
            self._questions.put(document, key, deliver)

    def drop(self, document: str) -> None:
        """Deliver None for what is queued about a document."""
        self._questions.drop(document)

    @property
    def trouble(self) -> str:
        """Why there are no answers now; "" if there are."""
        return self._trouble

    @property
    def process(self) -> int | None:
        """The number of the worker process, if one runs."""
        with self._holding:
            return None if self._process is None else self._process.pid

    def close(self) -> None:
        """End the server; questions still open are delivered as None."""
        self._closed.set()
        self._questions.close()
        with self._holding:
            if self._process is not None:
                self._process.kill()
        self._thread.join()

    def _serve(self) -> None:
        """Answer until the seat is closed, or the server is given up."""
        while not self._closed.is_set() and self._failures <= MOST_RESTARTS:
            if not self._questions.waiting(self._workspace):
                continue
            try:
                self._run()
            except (OSError, WorkerError) as error:
                self._end()
                self._failed(error)
            else:
                self._end()
        self._questions.close()

    def _run(self) -> None:
        """Start the server and ask it until nobody asks any more.

        Raises:
            OSError, WorkerError: It fails; the message says how.
        """
        process = self._begin()
        slow = 0
        while (job := self._questions.take(self._workspace, IDLE_S)) is not None:
            fact = self._ask(process, job)
            slow = slow + 1 if fact is None else 0
            if slow == MOST_SLOW:
                raise WorkerError("the server does not answer any more")
            if self._answers % LOOK_EVERY == LOOK_EVERY - 1 and process.memory > MOST_MEMORY:
                raise WorkerError(f"the server takes more than {MOST_MEMORY >> 30} GiB of memory")

    def _begin(self) -> LspProcess:
        """Return a server that is ready."""
        self._trouble = self._trouble or STARTING
        process = self._start()
        with self._holding:
            self._process = process
        if self._closed.is_set():
            process.kill()
        patience = threading.Timer(PATIENCE_S, self._turn_away)
        patience.daemon = True
        patience.start()
        try:
            process.wait()
        finally:
            patience.cancel()
            patience.join()
        self._turned_away.clear()
        self._trouble = ""
        return process

    def _ask(self, process: LspProcess, job: Job) -> object:
        """Ask one question and deliver the answer, whatever it is."""
        try:
            fact = process.ask(job.document, job.key)
        except WorkerError as error:
            self._trouble = str(error)
            job.deliver(None)
            raise
        job.deliver(fact)
        self._answers += fact is not None
        if self._answers >= HEALTHY_ANSWERS:
            self._failures = self._answers = 0
        return fact

    def _turn_away(self) -> None:
        """Let nobody wait for the server while it starts."""
        self._trouble = STARTING
        self._turned_away.set()
        self._questions.flush()

    def _failed(self, error: Exception) -> None:
        """Note a failure, and wait a little before the next start: longer each time."""
        if self._closed.is_set():
            return
        self._failures, self._answers = self._failures + 1, 0
        self._trouble = str(error)
        if self._failures > MOST_RESTARTS:
            self._trouble = f"given up after {self._failures} failures: {error}; verifill engine stop, to try again"
        else:
            self._closed.wait(FIRST_PAUSE_S * 2**self._failures)
            self._turned_away.clear()

    def _end(self) -> None:
        """End the process, if there is one."""
        with self._holding:
            process, self._process = self._process, None
        if process is not None:
            process.close()
