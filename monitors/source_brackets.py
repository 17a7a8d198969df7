"""Monitor ``brackets`` of languages with a ``Lexis``: brackets, strings and comments fit those around the cursor.

What may stand here: text that closes only what is open, in order, leaves to the suffix what the suffix
closes, and where it ends has exactly that open.  What follows right behind the cursor may be written
again in its order (*typing over*); the stop policy cuts it off.  A block that the suffix does not close
may stay open: it is still being written, line by line.
Silent: in a preprocessor's lines, where the language cannot be told apart, inside comments and strings,
and where the document is broken around the cursor.
Sound, given that what the user opened before the cursor and closes behind it belongs together.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from analysis.facts import FactView
from analysis.python.scanner import Mode
from analysis.source.scanner import SourceScan, scan_source
from analysis.source.suffix import read_source_suffix
from monitors.base import FORBIDDEN, Factless, Kind, Lexed, Site
from monitors.remainder import closed_next, typed_over
from monitors.typing_over import DEAD, FREE, LINE_ENDS, Progress, type_over

_CLOSING_BRACKETS: Final = b")]}"


class SourceBrackets(Factless):
    """Brackets, strings and comments of one request."""

    name = "brackets"
    kind = Kind.SOUND

    def __init__(self, site: Site[SourceScan]) -> None:
        """Read the suffix."""
        self._site = site
        self._cursor = scan_source(site.typed, site.start)
        self._nesting = self._cursor.nesting
        self._over = typed_over(site.remainder) or closed_next(site.remainder)
        reading = read_source_suffix(self._cursor, site.suffix)
        closes_more = reading is not None and len(reading.expected) > len(self._nesting)
        shared = None if reading is None or closes_more else reading.shared(self._nesting)
        self._reading = None if shared is None else reading
        self._protected = shared or 0

    def start(self) -> Progress:
        """Return the state at the start of the typed part."""
        return Progress(ahead=len(self._site.typed)) if self._cursor.certain else FREE

    def step(self, state: Progress, text: Lexed[SourceScan], view: FactView) -> tuple[float, Progress]:
        """Forbid what closes wrongly, and an end that leaves the suffix something else to close."""
        if text.is_suffix:
            return (0.0 if self._may_end(state, text) else FORBIDDEN), state
        for index, byte in enumerate(text.data):
            if state.dead or state.free:
                break
            if state.ahead:
                state = replace(state, ahead=state.ahead - 1)
                continue
            before = text.after[index - 1] if index else text.before
            state = self._next(state, before, text.after[index], byte)
        return (FORBIDDEN if state.dead else 0.0), state

    def _next(self, state: Progress, before: SourceScan, after: SourceScan, byte: int) -> Progress:
        if state.over is not None:
            return type_over(state.over, byte)
        if not before.certain or not after.certain:
            return state if before.in_directive or after.in_directive else FREE
        lost = before.depth - after.depth
        if before.mode is Mode.CODE and byte in _CLOSING_BRACKETS:
            if lost != 1:
                return DEAD
        elif lost <= 0:
            return state
        elif byte in LINE_ENDS:
            cut_off_is_ours = self._reading is not None or after.depth >= len(self._nesting)
            return DEAD if cut_off_is_ours else state
        return state if after.depth >= self._protected else self._begin_over(before, byte)

    def _begin_over(self, before: SourceScan, byte: int) -> Progress:
        """Something that the suffix closes was closed: allowed as the start of typing over."""
        rest = self._over.lstrip(b",;:")
        closer = bytes((byte,))
        return Progress(over=rest[1:]) if rest.startswith(closer) and len(before.quote) <= 1 else DEAD

    def _may_end(self, state: Progress, text: Lexed[SourceScan]) -> bool:
        if state.dead:
            return False
        if state.free or state.ahead or state.over is not None or self._reading is None:
            return True
        end, expected = text.before, self._reading.expected
        if not end.certain:
            return True
        if self._site.remainder.strip() and (end.mode is Mode.COMMENT) != (self._cursor.mode is Mode.COMMENT):
            return False
        if end.nesting == expected:
            depths = (after.depth - end.depth for after in text.after)
            return all(depth == wanted for depth, wanted in zip(depths, self._reading.depths, strict=False))
        return self._may_stay_open(end.nesting, expected)

    def _may_stay_open(self, nesting: tuple[bytes, ...], expected: tuple[bytes, ...]) -> bool:
        """Whether an end that does not fit the suffix leaves a block open that the user has left open."""
        return nesting == self._nesting[: len(nesting)] and len(nesting) > len(expected) and nesting[-1] == b"{"
