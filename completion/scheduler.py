"""Who runs next: work in small steps, on the one thread that owns the model.

Work is a generator that yields before each forward pass or chunk of a prompt.  The most urgent one
takes the next step; what it keeps waiting grows more urgent with every step, so that nothing waits
for ever.  A request of an editor that a newer one of the same document makes pointless ends early.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Generator
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from completion.types import CancelToken, Trigger

Work = Generator[None, None, Any]

# Work that was passed over this many times counts as one class more urgent.
STEPS_PER_CLASS = 16

_URGENCY = {trigger: place for place, trigger in enumerate(Trigger)}

# What a newer request makes pointless; what was asked for explicitly never is.
_REPLACEABLE = frozenset({Trigger.AUTOMATIC, Trigger.AHEAD, Trigger.WARM_UP})
_REPLACING = frozenset({Trigger.AUTOMATIC, Trigger.INVOKED})


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
        passed_over: Steps that others took since its last one.
    """

    steps: Work
    trigger: Trigger
    document: str
    cancel: CancelToken
    superseded: CancelToken
    future: Future[Any] = field(default_factory=Future)
    passed_over: int = 0

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
            and (self.trigger in _REPLACING or self.trigger is other.trigger)
        )

    def rank(self) -> float:
        """Return how soon it is due; the lowest comes first.  What is stopped only has to be put away."""
        return -math.inf if self.stopped else _URGENCY[self.trigger] - self.passed_over // STEPS_PER_CLASS


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
            while not self._tasks:
                if self._closing:
                    return None
                self._changed.wait()
            due = min(self._tasks, key=Task.rank)  # the oldest of equals
            for task in self._tasks:
                task.passed_over += 1
            due.passed_over = 0
            self._begun.add(due)
            return due

    def _step(self, task: Task) -> None:
        try:
            next(task.steps)
        except StopIteration as end:
            self._end(task, task.future.set_result, end.value)
        except Exception as error:  # noqa: BLE001 -- the thread's border: whoever waits gets it
            self._end(task, task.future.set_exception, error)

    def _end(self, task: Task, settle: Callable[[Any], None], outcome: Any) -> None:
        with self._changed:
            self._tasks.remove(task)
            self._begun.discard(task)
            self._finished += 1
            self._superseded += task.superseded.cancelled
        settle(outcome)
