"""Monitor ``brackets``: brackets and quotes fit what is open before the middle and what the suffix closes.

What may stand here: text that closes only what is open, in order, leaves to the suffix what the
suffix closes, and where it ends has exactly that open.  Brackets and quotes that follow right behind
the cursor, or that the cursor's line ends with, may be written again in their order (*typing over*,
as in an editor); the stop policy cuts them off.
Silent: in comments, inside strings, and where the document is broken around the cursor.
Sound, given that what the user opened before the cursor and closes behind it belongs together:
``a)\\nf(b`` between ``f(`` and ``)`` is forbidden, though it is Python.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from analysis.facts import FactView
from analysis.python.lexicon import STATEMENT_LINE
from analysis.python.place import SPEC
from analysis.python.scanner import Mode, Scan, scan_text
from analysis.python.suffix import read_suffix
from monitors.base import EVERYTHING, FORBIDDEN, Factless, Kind, Lexed, Selective, Site, bits
from monitors.remainder import closed_next, typed_over
from monitors.typing_over import DEAD, FREE, LINE_ENDS, Progress, type_over

_RELEVANT: Final = re.compile(rb"[)\]}\"'\r\n]")
_CLOSING: Final = bits(b")]}\"'\r\n")


class Brackets(Factless, Selective):
    """Brackets and quotes of one request."""

    name = "brackets"
    kind = Kind.SOUND

    def __init__(self, site: Site) -> None:
        """Read the suffix."""
        cursor = scan_text(site.typed, site.start)
        self._site = site
        self._cursor = cursor
        self._nesting = cursor.nesting
        self._over = typed_over(site.remainder) or closed_next(site.remainder)
        reading = None if _broken(cursor) else read_suffix(cursor, site.suffix)
        shared = None if reading is None else reading.shared(cursor.nesting)
        self._reading = None if shared is None else reading
        self._protected = shared or 0

    def start(self) -> Progress:
        """Return the state at the start of the typed part."""
        return FREE if _broken(self._cursor) else Progress(ahead=len(self._site.typed))

    def step(self, state: Progress, text: Lexed, view: FactView) -> tuple[float, Progress]:
        """Forbid what closes wrongly, and an end that leaves the suffix something else to close."""
        if text.is_suffix:
            return (0.0 if self._may_end(state, text) else FORBIDDEN), state
        after = self._follow(state, text)
        return (FORBIDDEN if after.dead else 0.0), after

    def hears(self, state: Progress, scan: Scan) -> int:
        """Return what closes something; on what was typed, and while something is typed over, everything."""
        return EVERYTHING if state.ahead or state.dead or state.over is not None else _CLOSING

    def _follow(self, state: Progress, text: Lexed) -> Progress:
        skipped = min(state.ahead, len(text.data))
        if skipped:
            state = replace(state, ahead=state.ahead - skipped)
        if state.over is None and not _RELEVANT.search(text.data, skipped):
            return state
        for index in range(skipped, len(text.data)):
            if state.dead or state.free:
                break
            before = text.after[index - 1] if index else text.before
            state = self._next(state, before, text.after[index], text.data[index])
        return state

    def _next(self, state: Progress, before: Scan, after: Scan, byte: int) -> Progress:
        if state.over is not None:
            return type_over(state.over, byte)
        lost = before.depth - after.depth
        if before.mode is Mode.CODE and byte in b")]}":
            if lost != 1:
                return DEAD
        elif lost <= 0:
            return state
        if byte in LINE_ENDS:
            cut_off_is_ours = self._reading is not None or after.depth >= len(self._nesting)
            return DEAD if cut_off_is_ours else state
        return state if after.depth >= self._protected else self._begin_over(before, byte)

    def _begin_over(self, before: Scan, byte: int) -> Progress:
        """Something that the suffix closes was closed: allowed as the start of typing over."""
        closer = before.nesting[-1] if before.mode is Mode.STRING and byte != 125 else bytes((byte,))
        rest = self._over.lstrip(b",;:")
        return Progress(over=rest[len(closer) :]) if rest.startswith(closer) else DEAD

    def _may_end(self, state: Progress, text: Lexed) -> bool:
        """Whether the suffix closes what is open; its brace ends a hole of an f-string with the hole's format."""
        if state.dead:
            return False
        if state.free or state.ahead or state.over is not None or self._reading is None:
            return True
        end, expected = text.before, self._reading.expected
        if self._site.remainder.strip() and (end.mode is Mode.COMMENT) != (self._cursor.mode is Mode.COMMENT):
            return False
        if end.nesting in (expected, (*expected, SPEC)):
            depths = (after.depth - len(expected) for after in text.after)
            return all(depth == wanted for depth, wanted in zip(depths, self._reading.depths, strict=False))
        closes_more = len(expected) > len(self._nesting)
        return closes_more and end.nesting == self._nesting


def _broken(cursor: Scan) -> bool:
    """Whether a bracket before the cursor was never closed: a statement's line stands inside it."""
    return bool(cursor.brackets) and STATEMENT_LINE.search(cursor.line) is not None
