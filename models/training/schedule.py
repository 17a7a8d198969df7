"""How far a run is, and what follows from it: the stage and the learning rate."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from models.training.config import Stage, TrainConfig


class Budget(Protocol):
    """Says which share of a run is over."""

    def progress(self, step: int) -> float:
        """Return a number from 0 (start) to 1 (over), `step` steps having been made."""


@dataclass(frozen=True)
class StepBudget:
    """A run of a fixed number of steps."""

    n_steps: int

    def progress(self, step: int) -> float:
        """Return the share of steps made."""
        return min(step / self.n_steps, 1.0)


class DeadlineBudget:
    """A run that ends at a moment, however often it was stopped in between.

    `done` is the progress of the checkpoint a run goes on from. Time in which the process is
    suspended passes like any other, so that the learning rate still reaches its end.
    """

    def __init__(self, deadline: float, done: float = 0.0, clock: Callable[[], float] = time.time) -> None:
        """`deadline` is a time of `clock`, in seconds."""
        self._clock = clock
        self._start = clock()
        self._deadline = deadline
        self._done = done

    def progress(self, step: int) -> float:
        """Return the progress reached by now."""
        length = max(self._deadline - self._start, 1e-9)
        share = min((self._clock() - self._start) / length, 1.0)
        return self._done + (1.0 - self._done) * share


def stage_index(stages: tuple[Stage, ...], progress: float) -> int:
    """Return which stage a run is in."""
    reached = 0.0
    for index, stage in enumerate(stages):
        reached += stage.share
        if progress < reached:
            return index
    return len(stages) - 1


def rate_factor(config: TrainConfig, step: int, progress: float) -> float:
    """Return the factor on all learning rates: linear warm-up by steps, constant, linear to zero."""
    warm = min(1.0, (step + 1) / config.warmup_steps)
    return warm * min(1.0, max(0.0, 1.0 - progress) / config.decay_share)
