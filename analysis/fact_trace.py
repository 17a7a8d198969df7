"""When a request asked which question, and when it saw the answer: for the trace of one completion.

The moments are the request's own.  A fact that arrives between two looks at the facts counts from the
second one: before that no token could have known it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from analysis.facts import Fact, FactKey, FactSource, FactView


@dataclass(frozen=True)
class Asked:
    """One question of a request.

    Attributes:
        key: The question.
        asked: When, in seconds by the tracer's clock.
        seen: When the answer was first seen; None if it never was.
        fact: The answer.
        cached: The answer was there before the question.
        needed: A name depended on it.
        late: A name that depended on it was written before the answer was seen.
    """

    key: FactKey
    asked: float
    seen: float | None = None
    fact: Fact | None = None
    cached: bool = False
    needed: bool = False
    late: bool = False


class TracedFacts:
    """Passes on what another source gives, and notes when.  For one request and one thread."""

    def __init__(self, source: FactSource, clock: Callable[[], float] = time.perf_counter) -> None:
        """Note what is asked of ``source``."""
        self._source = source
        self._clock = clock
        self._known = FactView()
        self._asked: dict[FactKey, Asked] = {}
        self._open: set[FactKey] = set()

    @property
    def asked(self) -> tuple[Asked, ...]:
        """The questions, in the order in which they were asked first."""
        return tuple(self._asked.values())

    def view(self) -> FactView:
        """Return what is known now."""
        self._look(self._source.view())
        return self._known

    def ask(self, keys: Iterable[FactKey]) -> None:
        """Have these questions answered some time."""
        wanted = tuple(keys)
        self._note(wanted)
        self._source.ask(wanted)

    def settle(self, keys: Iterable[FactKey], at_cursor: bool = False) -> bool | None:
        """Give these questions the time that the other source's mode allows."""
        wanted = tuple(keys)
        self._note(wanted)
        came = self._source.settle(wanted, at_cursor)
        if came is not None:
            for key in wanted:
                asked = self._asked[key]
                self._asked[key] = replace(asked, needed=True, late=asked.late or (asked.fact is None and not came))
        return came

    def counters(self) -> Mapping[str, int]:
        """Return the other source's counts."""
        return self._source.counters()

    def _note(self, keys: Iterable[FactKey]) -> None:
        for key in keys:
            if key not in self._asked:
                fact = self._known.get(key)
                now = self._clock()
                self._asked[key] = Asked(key, now, None if fact is None else now, fact, cached=fact is not None)
                if fact is None:
                    self._open.add(key)

    def _look(self, view: FactView) -> None:
        if view.version == self._known.version:
            return
        self._known = view
        for key in tuple(self._open):
            if (fact := view.get(key)) is not None:
                self._asked[key] = replace(self._asked[key], seen=self._clock(), fact=fact)
                self._open.discard(key)
