"""Generations side by side: those that have come to a forward pass do it as one.

A forward pass reads all the weights, whatever it computes, so two of them at once cost little more than
one.  Each generation keeps its own slab and its own text; the rows it gets are those it would get alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from decoding.types import Computed, Passes, Result, Steps
from models.engines.base import Engine, Pass, Rows
from models.engines.tree import Tree

# Tokens of a pass, and its seconds.
Told = Callable[[int, float], None]


def together(engine: Engine, works: Sequence[Passes[Result]], told: Told) -> Steps[list[Result]]:
    """Run works to their ends, and return their results in order.

    A work begins when the one before it has come to its first pass: what that one has fed by then may
    be copied.

    Args:
        engine: Does the passes.
        works: What yields passes and takes rows.
        told: Told of every pass.
    """
    seats = [_Seat(work) for work in works]
    while not all(seat.ended for seat in seats):
        for seat in _begun(seats):
            if seat.wish is None:
                seat.advance()
        at_work = [seat for seat in _begun(seats) if seat.wish is None]
        wishing = [seat for seat in seats if seat.wish is not None]
        if any(seat.pause is None for seat in at_work):
            yield None
        elif wishing:
            _compute(engine, wishing, told)
        elif at_work:
            yield min(seat.pause for seat in at_work if seat.pause is not None)
    return [seat.result for seat in seats]


@dataclass
class _Seat:
    """One work and where it is.

    Attributes:
        work: The work.
        answer: What it gets when it goes on.
        wish: The pass that it waits for, None if it does not.
        pause: Seconds before which it has nothing to do, None if it has.
        begun: Whether it has come to its first pass, or its end.
        ended: Whether ``result`` is there.
        result: What it returned.
    """

    work: Passes[Any]
    answer: Computed | None = None
    wish: Pass | None = None
    pause: float | None = None
    begun: bool = False
    ended: bool = False
    result: Any = field(default=None)

    def advance(self) -> None:
        """Go on to the next yield."""
        answer, self.answer = self.answer, None
        try:
            wish = self.work.send(answer)
        except StopIteration as end:
            self.begun = self.ended = True
            self.result = end.value
            return
        if isinstance(wish, Pass):
            self.begun, self.wish = True, wish
        else:
            self.pause = wish


def _begun(seats: Sequence[_Seat]) -> list[_Seat]:
    """Return the seats that may go on: up to the first that has not begun."""
    last = next((place for place, seat in enumerate(seats) if not seat.begun), len(seats))
    return [seat for seat in seats[: last + 1] if not seat.ended]


def _compute(engine: Engine, seats: Sequence[_Seat], told: Told) -> None:
    """Do the passes that are waited for, and share out the time."""
    passes = [seat.wish for seat in seats if seat.wish is not None]
    start = time.perf_counter()
    rows = computed(engine, passes)
    seconds = time.perf_counter() - start
    told(sum(len(one.tokens) for one in passes), seconds)
    for seat, own in zip(seats, rows, strict=True):
        seat.wish, seat.answer = None, Computed(own, seconds / len(seats))


def computed(engine: Engine, passes: Sequence[Pass]) -> list[Rows]:
    """Do passes, those over chains as one, and return the rows of each."""
    chains = [one for one in passes if one.parents is None]
    if len(chains) > 1:
        rows = iter(engine.forward_each(chains))
    else:
        rows = iter([engine.forward(one.slab, one.tokens) for one in chains])
    return [
        next(rows) if one.parents is None else engine.forward_tree(one.slab, Tree(one.tokens, one.parents))
        for one in passes
    ]
