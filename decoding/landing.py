"""Where a middle that came to no end could have had one.

A small model that goes round in circles inside brackets, a string or a condition does so until the
stop policy or the token limit ends it, and half a statement is worth nothing: cut back to a legal end,
``tuple(2, 2, 2, 2,`` would be ``tuple``, which says something else.  So the statement is written once
more from a place at which it may be closed, and closed there: ``tuple(2, 2)``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from analysis.lexing import LexicalState
from analysis.python.lexicon import CLOSERS, COMPOUND, KEYWORDS, LETTERS, QUOTES, WORD
from analysis.python.place import HOLE
from analysis.python.scanner import Mode
from decoding.run import Run
from decoding.trim import end_of, typed_length, watch_at
from monitors.base import FORBIDDEN
from monitors.closing import Closing

LONGEST_ROUND: Final = 12
"""After so many tokens that say nothing new a statement goes round."""

MOST_PARSED: Final = 8
"""Ends that the inspector is asked about at most."""

_ENDS: Final = WORD | QUOTES | frozenset(b")]}")


def landing(run: Run) -> tuple[int, Closing] | None:
    """Return the token to write again and what has to come in its place.

    That is the first end behind which nothing new is said; if there is none, the last end.

    Returns:
        None if the middle came to an end, if what it ended with before that is whole, if this was done before,
        or if there is no place that the suffix could follow.
    """
    landed = any(refused.guard.name == Closing.name for known in run.refused.values() for refused in known)
    if landed or not run.parts.inspector.wants_an_end or not is_unfinished(run):
        return None
    fitting = ((place, closers) for place in places(run) for closers in ways(run, place) if fits(run, place, closers))
    return next(
        ((place, Closing(closers)) for place, closers in islice(fitting, MOST_PARSED) if stands(run, place, closers)),
        None,
    )


def is_unfinished(run: Run) -> bool:
    """Whether the middle ran into the limit in its first statement, or has ended with something open of its last."""
    if run.finish == "length" and run.inspected == 0:
        return True
    return run.finish in ("length", "stop") and watch_at(run, end_of(run)).scan.depth > cursor_depth(run)


def cursor_depth(run: Run) -> int:
    """Return how much the user has left open."""
    return watch_at(run, typed_length(run)).scan.depth


def places(run: Run) -> Iterator[int]:
    """Yield the tokens of the last statement in whose place it could end: behind what is new, then before."""
    first, end, typed = run.inspected, end_of(run), typed_length(run)
    start = first + before_round([token.data.strip() for token in run.emitted[first:]])
    for place in (*range(start, len(run.emitted)), *reversed(range(first, start))):
        length = len(run.text_before(place))
        if typed < length <= end and place not in run.refused and is_end(run, place):
            yield place


def before_round(pieces: Sequence[bytes]) -> int:
    """Return how many of the pieces come before ``LONGEST_ROUND`` in a row that were all there before."""
    known, new = {b""}, 0
    for at, piece in enumerate(pieces, 1):
        if piece not in known:
            known.add(piece)
            new = at
        elif at - new == LONGEST_ROUND:
            return new
    return len(pieces)


def is_end(run: Run, place: int) -> bool:
    """Whether an operand, or a word of a text, ends before a token; a callee is half of one."""
    scan, last, rest = run.watch_before(place).scan, run.text_before(place)[-1], run.emitted[place].data
    in_code = scan.mode is Mode.CODE
    parts = WORD if in_code else LETTERS
    if last in parts and not parts.isdisjoint(rest[:1]):
        return False
    if not in_code:
        return last in _ENDS - QUOTES
    return last in _ENDS and scan.name not in KEYWORDS and rest[:1] not in (b"(", b"[", b".")


def ways(run: Run, place: int) -> Iterator[bytes]:
    """Yield what could close what is open before a token: what the middle has opened, then more."""
    scan = run.watch_before(place).scan
    colon = b":" if scan.keyword in COMPOUND else b""
    for depth in range(min(cursor_depth(run), scan.depth), -1, -1):
        closers = closed_to(scan, depth)
        if closers is not None:
            yield closers
            if colon:
                yield closers + colon


def closed_to(scan: LexicalState, depth: int) -> bytes | None:
    """Return what closes all but the outer ``depth`` levels, None where nothing does (a format of an f-string)."""
    closers: list[bytes] = []
    for level in reversed(scan.nesting[depth:]):
        closer = b"}" if level == HOLE else CLOSERS.get(level, level)
        if closer[0] not in _ENDS or closer[0] in WORD:
            return None
        closers.append(closer)
    return b"".join(closers)


def fits(run: Run, place: int, closers: bytes) -> bool:
    """Whether the limit has room for it, and no monitor forbids the suffix behind the closed text."""
    if place + len(closers) > run.job.max_tokens:
        return False
    there = run.watch_before(place).advance(closers, run.view)
    return there.judge_end(run.parts.masker.ending, run.view).penalty != FORBIDDEN


def stands(run: Run, place: int, closers: bytes) -> bool:
    """Whether the closed text with the suffix behind it is Python."""
    there = run.watch_before(place).advance(closers, run.view)
    return run.parts.inspector.end_stands(run.text_before(place) + closers, there.scan)
