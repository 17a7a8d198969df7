"""Choosing one token and putting it at the end of the middle, or in the place of what stood there.

Words are those of ``decoding.loop``.
"""

from __future__ import annotations

import torch

from analysis.facts import FactKey
from analysis.modes import LOOK_AGAIN_S
from analysis.python.lexicon import WORD
from decoding.masking import Choice
from decoding.run import Emitted, Run
from decoding.types import Steps
from decoding.watch import Watch
from models.engines.base import Row


def choose(run: Run, row: torch.Tensor, position: int, before: Watch) -> Steps[tuple[Choice, Watch]]:
    """Choose a token and advance the monitors over it.

    If the chosen token passes a site whose fact is missing, that fact gets the time the fact
    mode allows, and the choice is made again.  Tokens that were not chosen need no facts: those
    could only have lowered their scores.
    """
    while True:
        written = (e.token for e in run.emitted[:position])
        choice = run.parts.masker.choose(row, position, before, run.view, written)
        after = before if choice.token is None else before.advance(data_of(run, choice.token), run.view)
        missing = lacked(run, before, choice.token, after) if choice.token is not None else ()
        if not missing or not (yield from settle(run, missing)):
            return choice, after


def lacked(run: Run, before: Watch, token: int, after: Watch) -> tuple[FactKey, ...]:
    """Return the questions without an answer that a choice depended on: about names that it wrote, or did not."""
    data = data_of(run, token)
    if data and data[0] in WORD:
        return after.missing()
    unwritten = [key for _, expected in before.expected(run.view) for key in expected.pending]
    return (*after.missing(), *unwritten) if data else tuple(unwritten)


def append(run: Run, token: Emitted) -> None:
    """Add a chosen token to the middle, and see whether that finishes it."""
    run.emitted.append(token)
    run.parts.facts.ask(token.after.needs())
    if token.token in run.parts.masker.end_ids or run.parts.stop.cut(token.stop) is not None:
        run.finish = "stop"
    elif len(run.emitted) >= run.job.max_tokens or is_out_of_time(run):
        run.finish = "length"
    else:
        run.finish = ""


def is_out_of_time(run: Run) -> bool:
    """Whether the time for writing is over, and a line of the middle has just come to its end."""
    if b"\n" not in run.emitted[-1].data:
        return False
    seconds = run.recorder.seconds
    return seconds["forward"] + seconds["walk"] >= run.job.max_seconds


def cut(run: Run, position: int, choice: Choice, after: Watch) -> None:
    """Drop everything from ``position`` on, and go on with another choice there."""
    old = run.emitted[position]
    drop(run, position)
    if choice.token is None:
        run.finish = "monitor"
    else:
        append(run, emitted(run, choice.token, choice, Row(old.row, old.hidden), after, "model"))
        for drafter in run.parts.drafters:
            drafter.observe((choice.token,))
    run.parts.engine.truncate(run.parts.slab, run.settled)


def drop(run: Run, position: int) -> None:
    """Drop everything from ``position`` on, from the slab not yet."""
    dropped = len(run.emitted) - position
    del run.emitted[position:]
    run.refused = {place: line for place, line in run.refused.items() if place <= position}
    run.inspected = run.inspected if run.inspected <= position else 0
    for drafter in run.parts.drafters:
        drafter.rewind(dropped)


def settle(run: Run, keys: tuple[FactKey, ...], at_cursor: bool = False) -> Steps[bool]:
    """Give facts the time the fact mode allows, in which others may run; True if the view has changed."""
    with run.recorder.phase("analysis_wait"):
        while (arrived := run.parts.facts.settle(keys, at_cursor)) is None and not run.cancelled():
            yield LOOK_AGAIN_S
    if arrived:
        run.view = run.parts.facts.view()
    return bool(arrived)


def emitted(run: Run, token: int, choice: Choice, row: Row, after: Watch, origin: str) -> Emitted:
    """Put together the record of a token that goes to the end of the middle."""
    data = data_of(run, token)
    before, stop = run.watch, run.stop
    if data:
        stop = run.parts.stop.advance(stop, before.lexed(data))
    missing = lacked(run, before, token, after)
    return Emitted(token, choice, data, origin, row.logits, row.hidden, before, after, stop, missing)


def data_of(run: Run, token: int) -> bytes:
    """Return a token's bytes; an end token has none."""
    if token in run.parts.masker.end_ids:
        return b""
    return run.parts.masker.vocabulary.bytes_of(token) or b""
