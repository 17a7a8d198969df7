"""Fact modes: how long a request waits for the analysis.

Each request has a source of its own, which counts what the request asked and got.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping
from typing import Protocol

from analysis.facts import UNRESOLVED, FactKey, FactSource, FactView

# Settled by hand for the command line: nobody waits longer for one name, and 99 of 100 jedi
# queries take less.
PATIENCE_S = 2.0

# In an editor the name at the cursor is worth this much, once: prefill takes about as long, and
# what nearly every completion behind a dot is about is checked before it is written.
PATIENCE_AT_CURSOR_S = 0.15

# How soon answers that are waited for are looked for again; those of jedi take at least some of these.
LOOK_AGAIN_S = 0.001


class Store(Protocol):
    """What a mode needs of the fact store."""

    def view(self) -> FactView:
        """Return what is known now."""

    def ask(self, keys: Iterable[FactKey]) -> None:
        """Have questions answered; returns at once."""

    def wait(self, keys: Iterable[FactKey], seconds: float) -> bool:
        """Wait until the questions have answers, at most ``seconds``; return whether they have."""

    def failed(self, keys: Iterable[FactKey]) -> int:
        """Return how many of the questions failed."""


class LiveFacts:
    """Fact mode ``live``: ask, and wait only for the cursor's own name, briefly.  For one request and one thread."""

    def __init__(self, store: Store) -> None:
        """Read from ``store``."""
        self._store = store
        self._last = store.view()
        self._asked: dict[FactKey, None] = {}
        self._missed: set[FactKey] = set()
        self._deadline: float | None = None

    def view(self) -> FactView:
        """Return what is known now."""
        self._last = self._store.view()
        self._missed.update(key for key in self._asked if self._last.get(key) is None)
        return self._last

    def ask(self, keys: Iterable[FactKey]) -> None:
        """Have these questions answered some time; returns at once."""
        wanted = dict.fromkeys(keys)
        self._asked.update(wanted)
        self._store.ask(wanted)

    def settle(self, keys: Iterable[FactKey], at_cursor: bool = False) -> bool | None:
        """Ask, and have the caller wait for all answers as long as this mode allows; see ``FactSource.settle``."""
        wanted = tuple(keys)
        self.ask(wanted)
        now = time.monotonic()
        if self._deadline is None:
            self._deadline = now + self._patience(at_cursor)
        if now < self._deadline and not self._store.wait(wanted, 0):
            return None
        self._deadline = None
        return self._arrived(wanted)

    def counters(self) -> Mapping[str, int]:
        """Return what was asked and what came of it."""
        return tally(self._asked, self._store.view(), self._missed, self._store.failed(self._asked))

    def _patience(self, at_cursor: bool) -> float:
        return PATIENCE_AT_CURSOR_S if at_cursor else 0.0

    def _arrived(self, keys: Iterable[FactKey]) -> bool:
        now = self._store.view()
        return any(now.get(key) is not None and self._last.get(key) is None for key in keys)


class WaitFacts(LiveFacts):
    """Fact mode ``wait``: every question a name depends on is awaited, for a bounded time."""

    def _patience(self, at_cursor: bool) -> float:
        return PATIENCE_S


def settle_here(source: FactSource, keys: Iterable[FactKey], at_cursor: bool = False) -> bool:
    """Settle questions on a thread that has nothing else to do meanwhile."""
    wanted = tuple(keys)
    while (arrived := source.settle(wanted, at_cursor)) is None:
        time.sleep(LOOK_AGAIN_S)
    return arrived


def tally(asked: Collection[FactKey], view: FactView, missed: Collection[FactKey], failed: int) -> Mapping[str, int]:
    """Return the counters of a source, see ``FactSource.counters``.

    Args:
        asked: The questions.
        view: What is known in the end.
        missed: Questions that some view had no answer to.
        failed: How many questions the analysis could not work on.
    """
    answered = [fact for key in asked if (fact := view.get(key)) is not None]
    usable = [fact for fact in answered if fact.kind != UNRESOLVED]
    late = sum(fact.key in missed for fact in usable)
    return {
        "asked": len(asked),
        "on_time": len(usable) - late,
        "late": late,
        "unknown": len(asked) - len(usable),
        "unresolved": len(answered) - len(usable) - failed,
        "failed": failed,
    }
