"""A pool of jedi worker processes, seen from the process that asks.

One thread a worker takes the most urgent question, writes it down the pipe and reads the answer.
A worker that dies, talks nonsense, or takes longer than its limit and is killed for it, costs its
question (delivered as None) and is started again, later and later while that keeps happening.

jedi remembers what it has read, so a workspace's questions go to the worker that answered its last
ones if that one has nothing to do, and to any other if it has.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from tempfile import TemporaryDirectory

from analysis.analyzers.jedi.process import WORKER, JediProcess
from analysis.facts import BaseDocument, FactKey
from analysis.question_queue import QuestionQueue
from analysis.store import Deliver
from analysis.worker_process import WorkerError

# 99 of 100 queries take less than 3 s (measured on some 300 sites).  The first look at a large
# library takes longer (networkx: 7 s); killing it sooner would only have it begin anew.
QUERY_LIMIT_S = 20.0

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 10.0


class JediPool:
    """Answers questions about Python; an ``analysis.store.Analyzer``."""

    def __init__(
        self,
        workers: int | None = None,
        cache: Path | None = None,
        limit: float = QUERY_LIMIT_S,
        module: str = WORKER,
    ) -> None:
        """Start the workers; they warm up while this returns.

        Args:
            workers: Number of processes; None for one on up to three cores, else two.
            cache: Folder for jedi's parser cache; None for the user's cache folder.  Where it cannot be written, one
                that is removed with the pool takes its place: without any a worker does not start.
            limit: Seconds that one question may take.
            module: What runs in the processes.
        """
        cache = cache or user_cache()
        self._aside = None if can_hold_files(cache) else TemporaryDirectory(prefix="verifill-")
        self._cache = cache if self._aside is None else Path(self._aside.name)
        self._limit = limit
        self._module = module
        self._questions = QuestionQueue()
        self._closed = threading.Event()
        self._processes: set[JediProcess] = set()
        self._starting = threading.Lock()
        count = workers or (1 if (os.cpu_count() or 1) < 4 else 2)
        self._threads = [threading.Thread(target=self._serve, name=f"jedi-{i}", daemon=True) for i in range(count)]
        for thread in self._threads:
            thread.start()

    def submit(self, document: BaseDocument, key: FactKey, deliver: Deliver) -> None:
        """Queue a question; see ``analysis.store.Analyzer``."""
        self._questions.put(document, key, deliver)

    def drop(self, document: str) -> None:
        """Deliver None for what is queued about a document; see ``analysis.store.Analyzer``."""
        self._questions.drop(document)

    def trouble(self, document: BaseDocument) -> str:
        """Return none: a worker that fails is started again, always; see ``analysis.store.Analyzer``."""
        return ""

    def troubles(self) -> tuple[str, ...]:
        """Return none, as for ``trouble``."""
        return ()

    def processes(self) -> tuple[int, ...]:
        """Return the numbers of the worker processes that run now."""
        with self._starting:
            return tuple(process.pid for process in self._processes)

    def close(self) -> None:
        """End the workers; questions still open are delivered as None."""
        self._closed.set()
        self._questions.close()
        with self._starting:
            processes = tuple(self._processes)
        for process in processes:
            process.kill()
        for thread in self._threads:
            thread.join()
        if self._aside is not None:
            self._aside.cleanup()

    def _serve(self) -> None:
        """Run one worker, again and again until the pool closes."""
        pause = FIRST_PAUSE_S
        while not self._closed.is_set():
            process = self._start()
            answered = process is not None and self._drain(process)
            if process is not None:
                process.close()
                with self._starting:
                    self._processes.discard(process)
            pause = FIRST_PAUSE_S if answered else min(2 * pause, LONGEST_PAUSE_S)
            if process is None:
                self._questions.flush()
            self._closed.wait(pause)

    def _start(self) -> JediProcess | None:
        """Start a process, or return None if it does not come up."""
        try:
            process = JediProcess(self._cache, self._module)
        except OSError:
            return None
        with self._starting:
            self._processes.add(process)
        if self._closed.is_set():
            process.kill()
        return process

    def _drain(self, process: JediProcess) -> bool:
        """Ask ``process`` until it fails or the pool closes; True if it ever answered."""
        answered, home = False, ""
        while (job := self._questions.take(home)) is not None:
            home = job.document.workspace
            try:
                fact = process.ask(job.document, job.key, self._limit)
            except WorkerError:
                job.deliver(None)
                return answered
            job.deliver(fact)
            answered = True
            if process.worn_out:
                return True
        return answered


def can_hold_files(folder: Path) -> bool:
    """Whether files can be written to a folder, which is made if there is none."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


def user_cache() -> Path:
    """Return Verifill's folder in the user's cache, for jedi."""
    if os.name == "nt":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "verifill" / "jedi"
