"""A pool of jedi worker processes, seen from the process that asks.

One thread a worker takes the most urgent question, writes it down the pipe and reads the answer.
A worker that dies, talks nonsense, or takes longer than its limit and is killed for it, costs its
question (delivered as None) and is started again, later and later while that keeps happening.

jedi remembers what it has read, so a workspace's questions go to the worker that answered its last
ones if that one has nothing to do, and to any other if it has.
"""

from __future__ import annotations

import itertools
import os
import threading
from dataclasses import dataclass, field
from pathlib import Path

from analysis.analyzers.jedi_process import WORKER, JediProcess, WorkerError
from analysis.facts import BaseDocument, FactKey
from analysis.store import Deliver

# 99 of 100 queries take less than 3 s (measured on some 300 sites).  The first look at a large
# library takes longer (networkx: 7 s); killing it sooner would only have it begin anew.
QUERY_LIMIT_S = 20.0

# A request asks some ten questions; beyond a few requests' worth, nobody waits for the oldest any more.
MOST_WAITING = 64

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 10.0


@dataclass(order=True)
class Job:
    """A question in the queue; the smallest is asked first."""

    urgency: tuple[int, int]
    document: BaseDocument = field(compare=False)
    key: FactKey = field(compare=False)
    deliver: Deliver = field(compare=False)


class JediPool:
    """Answers questions about attributes; an ``analysis.store.Analyzer``.

    Questions about the newest document come first, and among those the ones asked first.
    """

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
            cache: Folder for jedi's parser cache; None for the user's cache folder.
            limit: Seconds that one question may take.
            module: What runs in the processes.
        """
        self._cache = cache or user_cache()
        self._limit = limit
        self._module = module
        self._queue: list[Job] = []
        self._count = itertools.count()
        self._newest: dict[str, int] = {}
        self._ready = threading.Condition()
        self._closed = threading.Event()
        self._processes: set[JediProcess] = set()
        self._idle: list[str] = []
        count = workers or (1 if (os.cpu_count() or 1) < 4 else 2)
        self._threads = [threading.Thread(target=self._serve, name=f"jedi-{i}", daemon=True) for i in range(count)]
        for thread in self._threads:
            thread.start()

    def submit(self, document: BaseDocument, key: FactKey, deliver: Deliver) -> None:
        """Queue a question; see ``analysis.store.Analyzer``."""
        order = next(self._count)
        with self._ready:
            newest = self._newest.setdefault(document.digest, order)
            job = Job((-newest, order), document, key, deliver)
            refused = self._enqueue(job)
        if refused is not None:
            refused.deliver(None)

    def drop(self, document: str) -> None:
        """Deliver None for what is queued about a document; see ``analysis.store.Analyzer``."""
        with self._ready:
            dropped = [job for job in self._queue if job.key.document == document]
            self._queue = [job for job in self._queue if job.key.document != document]
        for job in dropped:
            job.deliver(None)

    def processes(self) -> tuple[int, ...]:
        """Return the numbers of the worker processes that run now."""
        with self._ready:
            return tuple(process.pid for process in self._processes)

    def close(self) -> None:
        """End the workers; questions still open are delivered as None."""
        self._closed.set()
        with self._ready:
            abandoned, self._queue = self._queue, []
            processes = tuple(self._processes)
            self._ready.notify_all()
        for job in abandoned:
            job.deliver(None)
        for process in processes:
            process.kill()
        for thread in self._threads:
            thread.join()

    def _enqueue(self, job: Job) -> Job | None:
        """Add a job; return the one that there is no room for, if any.  The lock is held."""
        if self._closed.is_set():
            return job
        self._queue.append(job)
        self._ready.notify_all()
        if len(self._queue) <= MOST_WAITING:
            return None
        stalest = max(self._queue)
        self._queue.remove(stalest)
        return stalest

    def _serve(self) -> None:
        """Run one worker, again and again until the pool closes."""
        pause = FIRST_PAUSE_S
        while not self._closed.is_set():
            process = self._start()
            answered = process is not None and self._drain(process)
            if process is not None:
                process.close()
                with self._ready:
                    self._processes.discard(process)
            pause = FIRST_PAUSE_S if answered else min(2 * pause, LONGEST_PAUSE_S)
            if process is None:
                self._give_up_all()
            self._closed.wait(pause)

    def _start(self) -> JediProcess | None:
        """Start a process, or return None if it does not come up."""
        try:
            process = JediProcess(self._cache, self._module)
        except OSError:
            return None
        with self._ready:
            self._processes.add(process)
        if self._closed.is_set():
            process.kill()
        return process

    def _drain(self, process: JediProcess) -> bool:
        """Ask ``process`` until it fails or the pool closes; True if it ever answered."""
        answered, home = False, ""
        while (job := self._next(home)) is not None:
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

    def _next(self, home: str) -> Job | None:
        """Return the most urgent question for a worker that last looked at ``home``; None when the pool closes."""
        with self._ready:
            self._idle.append(home)
            self._ready.notify_all()
            try:
                self._ready.wait_for(lambda: self._closed.is_set() or self._offered(home))
            finally:
                self._idle.remove(home)
            if self._closed.is_set():
                return None
            job = min(self._offered(home))
            self._queue.remove(job)
            if not self._queue:
                self._newest.clear()
            self._ready.notify_all()
            return job

    def _offered(self, home: str) -> list[Job]:
        """Return the questions that no idle worker is better for.  The lock is held."""
        return [
            job for job in self._queue if job.document.workspace == home or job.document.workspace not in self._idle
        ]

    def _give_up_all(self) -> None:
        with self._ready:
            abandoned, self._queue = self._queue, []
        for job in abandoned:
            job.deliver(None)


def user_cache() -> Path:
    """Return Verifill's folder in the user's cache, for jedi."""
    if os.name == "nt":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "verifill" / "jedi"
