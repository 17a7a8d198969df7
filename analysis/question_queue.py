"""Questions that wait for a worker: bounded, those about what is typed first, and of these the newest document's.

A workspace's questions go to the worker that answered its last ones if that one has nothing to do, and to any
other if it has.
"""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass, field

from analysis.facts import BaseDocument, FactKey
from analysis.store import Deliver

# A request asks some ten questions; beyond a few requests' worth, nobody waits for the oldest any more.
MOST_WAITING = 64


@dataclass(order=True)
class Job:
    """A question in the queue; the smallest is asked first."""

    urgency: tuple[bool, int, int]
    document: BaseDocument = field(compare=False)
    key: FactKey = field(compare=False)
    deliver: Deliver = field(compare=False)


class QuestionQueue:
    """The queue between those who ask and the threads of workers."""

    def __init__(self) -> None:
        """Make an empty queue."""
        self._jobs: list[Job] = []
        self._count = itertools.count()
        self._newest: dict[str, int] = {}
        self._idle: list[str] = []
        self._changed = threading.Condition()
        self._closed = False

    def put(self, document: BaseDocument, key: FactKey, deliver: Deliver) -> None:
        """Queue a question; None is delivered for the stalest where there is no room, and once closed."""
        order = next(self._count)
        with self._changed:
            newest = self._newest.setdefault(document.digest, order)
            refused = self._enqueue(Job((not document.urgent, -newest, order), document, key, deliver))
        if refused is not None:
            refused.deliver(None)

    def take(self, home: str, seconds: float | None = None) -> Job | None:
        """Wait for a question, and return the most urgent one for a worker that last looked at ``home``.

        Returns:
            None when the queue is closed, or after ``seconds`` without a question.
        """
        with self._changed:
            if not self._await(home, seconds):
                return None
            job = min(self._offered(home))
            self._jobs.remove(job)
            if not self._jobs:
                self._newest.clear()
            self._changed.notify_all()
            return job

    def waiting(self, home: str, seconds: float | None = None) -> bool:
        """Wait for a question as ``take`` does, and leave it; return whether there is one."""
        with self._changed:
            return self._await(home, seconds)

    def drop(self, document: str) -> None:
        """Deliver None for what is queued about the document of that digest."""
        with self._changed:
            dropped = [job for job in self._jobs if job.key.document == document]
            self._jobs = [job for job in self._jobs if job.key.document != document]
        for job in dropped:
            job.deliver(None)

    def flush(self) -> None:
        """Deliver None for everything."""
        with self._changed:
            dropped, self._jobs = self._jobs, []
            self._newest.clear()
        for job in dropped:
            job.deliver(None)

    def close(self) -> None:
        """Deliver None for everything, now and from now on."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self.flush()

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._closed

    def _enqueue(self, job: Job) -> Job | None:
        """Add a job; return the one that there is no room for, if any.  The lock is held."""
        if self._closed:
            return job
        self._jobs.append(job)
        self._changed.notify_all()
        if len(self._jobs) <= MOST_WAITING:
            return None
        stalest = max(self._jobs)
        self._jobs.remove(stalest)
        return stalest

    def _await(self, home: str, seconds: float | None) -> bool:
        """Wait for a question that ``home``'s worker may take; return whether there is one.  The lock is held."""
        self._idle.append(home)
        self._changed.notify_all()
        try:
            self._changed.wait_for(lambda: self._closed or self._offered(home), seconds)
        finally:
            self._idle.remove(home)
        return not self._closed and bool(self._offered(home))

    def _offered(self, home: str) -> list[Job]:
        """Return the questions that no idle worker is better for.  The lock is held."""
        return [job for job in self._jobs if job.document.workspace == home or job.document.workspace not in self._idle]
