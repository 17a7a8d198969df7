"""Where a middle that came to no end could have had one.

A small model that goes round in circles inside brackets, a string or a condition does so until the
stop policy or the token limit ends it, and half a statement is worth nothing: cut back to a legal end,
``tuple(2, 2, 2, 2,`` would be ``tuple``, which says something else.  So the statement is written once
more from a place at which it may be closed, and closed there: ``tuple(2, 2)``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final, NamedTuple

from analysis.lexing import LexicalState
from analysis.python.lexicon import CLOSERS, COMPOUND, KEYWORDS, LETTERS, QUOTES, WORD
from analysis.python.place import HOLE
from analysis.python.scanner import Mode
from decoding.run import Emitted, Run
from decoding.trim import end_of, ends_well, scan_at, typed_length
from monitors.base import FORBIDDEN, Lexed
from monitors.closing import Closing

LONGEST_ROUND: Final = 12
"""After so many tokens that say nothing new a statement goes round."""

MOST_PARSED: Final = 8
"""Ends that the inspector is asked about at most."""

_ENDS: Final = WORD | QUOTES | frozenset(b")]}")


class End(NamedTuple):
    """Where the last statement could end.

    Attributes:
        place: The token in whose place it would be closed.
        head: Bytes of that token that still belong to it; mostly none.
        scan: Lexical state behind them.
    """

    place: int
    head: bytes
    scan: LexicalState


def landing(run: Run) -> tuple[int, Closing] | None:
    """Return the token to write again and what has to come in its place.

    That is the first end behind which nothing new is said; if there is none, the last end.

    Returns:
        None if the middle came to an end, if what it ended with before that is whole, if this was done before,
        or if there is no place that the suffix could follow.
    """
    if closing_of(run) is not None or not run.parts.inspector.wants_an_end or not is_unfinished(run):
        return None
    found = ((end.place, end.head + closers) for end in ends(run) for closers in ways(run, end))
    fitting = ((place, text) for place, text in found if fits(run, place, text))
    return next(
        ((place, Closing(text)) for place, text in islice(fitting, MOST_PARSED) if stands(run, place, text)), None
    )


def closing_of(run: Run) -> Closing | None:
    """Return what sees to it that a statement is closed, if one was written again for that."""
    guards = (refused.guard for known in run.refused.values() for refused in known)
    return next((guard for guard in guards if isinstance(guard, Closing)), None)


def is_over(run: Run, token: Emitted) -> bool:
    """Whether what had to be closed is closed with a token, and whatever may come behind it ends the middle."""
    guard, stop = closing_of(run), run.parts.stop
    if guard is None or token.after.state_of(guard.name) != len(guard.text):
        return False
    line_end = Lexed.of(token.after.scan, b"\n")
    return not line_end.after[-1].at_line_start or stop.cut(stop.advance(token.stop, line_end)) is not None


def is_unfinished(run: Run) -> bool:
    """Whether the middle ran into the limit in its first statement, or has ended with something open of its last.

    What the suffix closes, like a format in a hole of an f-string, is not open.
    """
    if run.finish == "length" and run.inspected == 0:
        return True
    is_open = run.finish in ("length", "stop") and scan_at(run, end_of(run)).depth > cursor_depth(run)
    return is_open and not (run.finish == "stop" and ends_well(run))


def cursor_depth(run: Run) -> int:
    """Return how much the user has left open."""
    return scan_at(run, typed_length(run)).depth


def ends(run: Run) -> Iterator[End]:
    """Yield where the last statement could end: behind what is new, then before."""
    first, last, typed = run.inspected, end_of(run), typed_length(run)
    start = first + before_round([token.data.strip() for token in run.emitted[first:]])
    behind = (end for place in range(max(first, start - 1), len(run.emitted)) for end in ends_in(run, place))
    before = (end for place in reversed(range(first, start)) for end in reversed(tuple(ends_in(run, place))))
    for end in (*(end for end in behind if end.head or end.place >= start), *before):
        if typed < len(run.text_before(end.place)) + len(end.head) <= last and end.place not in run.refused:
            yield end


def ends_in(run: Run, place: int) -> Iterator[End]:
    """Yield where a statement could end before a token, or within it."""
    token, text = run.emitted[place], run.text_before(place)
    scans = (token.before.scan, *Lexed.of(token.before.scan, token.data).after) if token.data else (token.before.scan,)
    for size, scan in enumerate(scans[: max(1, len(token.data))]):
        written = text[-1:] + token.data[:size]
        if written and is_end(scan, written[-1], token.data[size : size + 1]):
            yield End(place, token.data[:size], scan)


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


def is_end(scan: LexicalState, last: int, rest: bytes) -> bool:
    """Whether an operand, or a word of a text, ends with a byte before ``rest``; a callee is half of one."""
    in_code = scan.mode is Mode.CODE
    parts = WORD if in_code else LETTERS
    if last in parts and not parts.isdisjoint(rest):
        return False
    if not in_code:
        return last in _ENDS - QUOTES
    return last in _ENDS and scan.name not in KEYWORDS and rest not in (b"(", b"[", b".")


def ways(run: Run, end: End) -> Iterator[bytes]:
    """Yield what could close what is open at an end: what the middle has opened, then more."""
    colon = b":" if end.scan.keyword in COMPOUND else b""
    for depth in range(min(cursor_depth(run), end.scan.depth), -1, -1):
        closers = closed_to(end.scan, depth)
        if closers is not None:
            yield closers
            if colon:
                yield closers + colon
            elif 0 < depth < end.scan.depth:
                yield closers + b","


def closed_to(scan: LexicalState, depth: int) -> bytes | None:
    """Return what closes all but the outer ``depth`` levels, None where nothing does (a format of an f-string)."""
    closers: list[bytes] = []
    for level in reversed(scan.nesting[depth:]):
        closer = b"}" if level == HOLE else CLOSERS.get(level, level)
        if closer[0] not in _ENDS or closer[0] in WORD:
            return None
        closers.append(closer)
    return b"".join(closers)


def fits(run: Run, place: int, text: bytes) -> bool:
    """Whether the limit has room for it, and no monitor forbids the suffix behind the closed text."""
    if place + len(text) > run.job.max_tokens:
        return False
    there = run.watch_before(place).advance(text, run.view)
    return there.judge_end(run.parts.masker.ending, run.view).penalty != FORBIDDEN


def stands(run: Run, place: int, text: bytes) -> bool:
    """Whether the closed text with the suffix behind it is Python."""
    there = run.watch_before(place).advance(text, run.view)
    return run.parts.inspector.end_stands(run.text_before(place) + text, there.scan)
