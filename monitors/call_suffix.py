"""What the suffix goes on to pass to the call that the cursor stands in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from analysis.python.lexicon import STATEMENT_LINE
from analysis.python.scanner import Mode, Scan, scan_text
from monitors.arguments import Call, Event, Form, Levels, levels_at, read
from monitors.base import Lexed, Site

MOST_LINES: Final = 60
MOST_BYTES: Final = 4_000
"""How far a call is followed; longer ones are tables of data."""


@dataclass(frozen=True, slots=True)
class Behind:
    """The arguments behind the cursor's line, in the innermost call that is open there.

    Attributes:
        depth: Index of that call among the open levels; -1 if there is none, or nothing is known.
        opening: Where its bracket stands in the logical line.
        keywords: Names of its keyword arguments.
        positional: A positional argument is certain to stand there, and is no concern of the typed part's.
    """

    depth: int = -1
    opening: int = -1
    keywords: frozenset[bytes] = frozenset()
    positional: bool = False


NOTHING: Final = Behind()


def levels_at_cursor(site: Site) -> Levels:
    """Return what is open behind the typed part."""
    levels = levels_at(site.start)
    return levels if not site.typed else read(levels, Lexed.of(site.start, site.typed))[1]


def arguments_behind(site: Site) -> Behind:
    """Read the suffix up to the end of the cursor's call.

    Nothing is known where text follows on the cursor's line: it may be typed over.  Nor where the
    suffix itself breaks the grammar of calls.
    """
    levels, scan = levels_at_cursor(site), scan_text(site.typed, site.start)
    call = levels[-1] if levels else None
    if call is None or call.wrong or scan.depth != len(levels) or site.remainder.strip():
        return NOTHING
    found = _rest((*levels[:-1], Call(call.callee, len(scan.line), call.opening)), scan, site.suffix[:MOST_BYTES])
    return replace(found, positional=found.positional and not call.named_only)


@lru_cache(maxsize=8)
def _rest(levels: Levels, scan: Scan, suffix: bytes) -> Behind:
    """Return the rest of the innermost call; several monitors ask for it one after the other.

    Its first argument there may be the end of one that the middle begins, so that it is
    positional is not certain.
    """
    depth, commas, positional = len(levels) - 1, 0, False
    scan = scan.fresh()  # what is remembered here is not to hold the states behind it
    keywords: frozenset[bytes] = frozenset()
    for line in suffix.splitlines(keepends=True)[:MOST_LINES]:
        if scan.mode is Mode.CODE and STATEMENT_LINE.match(b"\n" + line):
            return NOTHING  # nobody has closed the call
        text = Lexed.of(scan, line)
        steps, levels = read(levels, text)
        for step in steps:
            if step.depth != depth:
                continue
            keywords |= step.call.keywords
            positional = positional or (commas > 0 and step.call.form is Form.POSITIONAL)
            commas += step.event is Event.COMMA
            if step.event is Event.CLOSED:
                return NOTHING if step.call.wrong else Behind(depth, step.call.opening, keywords, positional)
        scan = text.after[-1]
    return NOTHING
