"""Who runs next: work in small steps, on the one thread that owns the model.

Work is a generator that yields before each forward pass or chunk of a prompt, and while it waits for
the analysis.  The most urgent one takes the next step; what it keeps waiting grows more urgent with
every step, so that nothing that is asked for waits for ever.  That holds for all of one urgency together:
a step for one of many programs is a step for all of them, or sixteen programs would cost who types as
much as sixteen times one.  Warming up is never asked for: it runs when there is nothing else to do.  A
request of an editor that a newer one of the same document makes pointless ends early.
"""

from __future__ import annotations

import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from completion.types import TYPING, CancelToken, Trigger

# Yields None where others may run, or the seconds before which it has nothing to do (``decoding.types.Steps``).
Work = Generator[float | None, None, Any]

# Work of an urgency that was passed over this many times counts as one class more urgent; of one urgency, who was
# passed over this often goes before who was not.
STEPS_PER_CLASS = 16

_URGENCY = {trigger: place for place, trigger in enumerate(Trigger)}

# What a newer request makes pointless; what was asked for explicitly never is.
_REPLACEABLE = frozenset({Trigger.AUTOMATIC, Trigger.AHEAD, Trigger.WARM_UP})


@dataclass(eq=False)
class Task:
    """One piece of work.

    Attributes:
        steps: Does it.
        trigger: Why; says how urgent it is.
        document: Path that it is about; "" for none.
        cancel: Given by who asked; polled by ``steps``.
        superseded: Fires when newer work makes it pointless; polled by ``steps``.
        future: Gets what ``steps`` returns or raises.
        passed_over: Steps that others took since its last one while it could have gone on.
        resumes_at: Before this moment it has nothing to do, ``time.monotonic``.
    """

    steps: Work
    trigger: Trigger
    document: str
    cancel: CancelToken
    superseded: CancelToken
    future: Future[Any] = field(default_factory=Future)
    passed_over: int = 0
    resumes_at: float = 0.0

    @property
    def stopped(self) -> bool:
        """Whether nobody wants the result any more."""
        return self.cancel.cancelled or self.superseded.cancelled

    def supersedes(self, other: Task) -> bool:
        """Whether this newer task makes ``other`` pointless."""
        return (
            bool(self.document)
            and self.document == other.document
            and other.trigger in _REPLACEABLE
            and (self.trigger in TYPING or self.trigger is other.trigger)
        )

    def rank(self, overlooked: Mapping[Trigger, int]) -> tuple[float, int]:
        """Return how soon it is due; the lowest comes first.  What is stopped only has to be put away.

        Args:
            overlooked: For each urgency the steps since the last one of its work, while there was some.
        """
        if self.stopped:
            return -math.inf, 0
        age = 0 if self.trigger is Trigger.WARM_UP else overlooked[self.trigger] // STEPS_PER_CLASS
        return _URGENCY[self.trigger] - age, -(self.passed_over // STEPS_PER_CLASS)

    def is_ready(self) -> bool:
        """Whether there is something to do for it now."""
        return self.stopped or self.resumes_at <= time.monotonic()


@dataclass(frozen=True)
class Counts:
    """What became of the tasks so far."""

    waiting: int
    running: int
    finished: int
    superseded: int


class Scheduler:
    """Runs tasks step by step on a thread of its own."""

    def __init__(self, name: str = "decode") -> None:
        """Start the thread."""
        self._tasks: list[Task] = []
        self._begun: set[Task] = set()
        self._overlooked: Counter[Trigger] = Counter()
        self._finished = self._superseded = 0
        self._closing = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(self, task: Task) -> bool:
        """Queue a task; False, and nothing happens, once the scheduler is closed."""
        with self._changed:
            if self._closing:
                return False
            task.future.set_running_or_notify_cancel()  # so that nobody who waits can cancel it behind its back
            for other in self._tasks:
                if task.supersedes(other):
                    other.superseded.cancel()
            self._tasks.append(task)
            self._changed.notify()
        return True

    def counts(self) -> Counts:
        """Return what there is and was to do."""
        with self._changed:
            running = len(self._begun)
            return Counts(len(self._tasks) - running, running, self._finished, self._superseded)

    def close(self) -> None:
        """Stop all tasks and wait until each has ended by itself."""
        with self._changed:
            self._closing = True
            for task in self._tasks:
                task.cancel.cancel()
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while (task := self._next()) is not None:
            self._step(task)

    def _next(self) -> Task | None:
        """Wait for work and return the task that is due; None when all is done for good."""
        with self._changed:
            while not (ready := [task for task in self._tasks if task.is_ready()]):
                if self._closing and not self._tasks:
                    return None
                soonest = min((task.resumes_at for task in self._tasks), default=None)
                self._changed.wait(None if soonest is None else soonest - time.monotonic())
            due = min(ready, key=lambda task: task.rank(self._overlooked))  # the oldest of equals
            for task in ready:
                task.passed_over += 1
            self._overlooked.update({task.trigger for task in ready})
            due.passed_over = self._overlooked[due.trigger] = 0
            self._begun.add(due)
            return due

    def _step(self, task: Task) -> None:
        try:
            pause = next(task.steps)
        except StopIteration as end:
            self._end(task, task.future.set_result, end.value)
        except Exception as error:  # noqa: BLE001 -- the thread's border: whoever waits gets it
            self._end(task, task.future.set_exception, error)
        else:
            task.resumes_at = time.monotonic() + (pause or 0.0)

    def _end(self, task: Task, settle: Callable[[Any], None], outcome: Any) -> None:
        with self._changed:
            self._tasks.remove(task)
            self._begun.discard(task)
            self._finished += 1
            self._superseded += task.superseded.cancelled
        settle(outcome)
