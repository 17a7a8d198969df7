"""What the text behind a hole closes of what is open before it, in languages with a ``Lexis``.

The counterpart of ``analysis.python.suffix``, simpler by what braces say: a line's indentation and its first
word mean nothing here.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from analysis.python.lexicon import PAIRS
from analysis.python.scanner import Mode
from analysis.python.suffix import TRACED_BYTES, Reading
from analysis.source.scanner import SourceScan, scan_source
from analysis.source.state import CHILDREN, ELEMENT_PARTS, END_TAG

READ_BYTES: Final = 131_072
"""How far the suffix is read."""

_LINE_ENDS: Final = b"\r\n"
_EVENT: Final = re.compile(rb"[()\[\]{}\"'`/*<>\r\n]")
"""What may open or close something."""


def read_source_suffix(cursor: SourceScan, suffix: bytes) -> Reading | None:
    """Read a suffix as what follows ``cursor``, to its end.

    Returns:
        The reading, or None if it cannot be told: the document is broken there or too long, conditions
        of a preprocessor go through it, a string stays open, or what is open at the cursor may be
        closed in the hole and something else closed here.
    """
    if not cursor.certain or len(suffix) > READ_BYTES or (cursor.depth and cursor.nesting[-1] in ELEMENT_PARTS):
        return None
    if cursor.mode is Mode.COMMENT and cursor.depth and _begins_another(cursor.nesting[-1], suffix):
        return None
    readings = [reading for start in _starts(cursor) if (reading := _read(start, suffix)) is not None]
    return readings[0] if len(readings) == 1 else None


def _begins_another(closing: bytes, suffix: bytes) -> bool:
    """Whether a comment seems to begin before the cursor's own ends."""
    end, begin = suffix.find(closing), suffix.find(closing[::-1])
    return end < 0 or 0 <= begin < end


def _starts(cursor: SourceScan) -> tuple[SourceScan, ...]:
    """The cursor, and if it stands in a text of several lines also what it would be if that ended there."""
    outside = cursor.behind_text()
    return (cursor,) if outside is None else (cursor, outside)


def _read(cursor: SourceScan, suffix: bytes) -> Reading | None:
    """Read the rest of the cursor's line, then the other lines: those are the same from keystroke to keystroke."""
    reader = _Reader(cursor, cursor.depth)
    offset = 0
    while offset < len(suffix) and not (offset >= TRACED_BYTES and reader.between_lines):
        if not reader.take(suffix[offset : offset + 1]):
            return None
        offset += 1
    rest = _read_lines(reader.scan, reader.kept, suffix[offset:])
    if rest is None:
        return None
    closed, kept, passed = rest
    expected = (*reversed(closed), *reversed(reader.closed))
    passed += reader.passed
    # Brackets left to the middle: believed only where all else then fits.
    if passed and (kept or len(expected) + passed != cursor.depth):
        return None
    return Reading(expected, tuple(reader.depths))


@lru_cache(maxsize=8)
def _read_lines(scan: SourceScan, kept: int, text: bytes) -> tuple[tuple[bytes, ...], int, int] | None:
    """Return what a text closes, innermost first, how much it leaves open, and what it passes over; None as above."""
    reader = _Reader(scan, kept)
    offset = 0
    while offset < len(text):
        event = _EVENT.search(text, offset)
        end = len(text) if event is None else event.start()
        if end > offset:
            reader.scan = scan_source(text[offset:end], reader.scan)
        if event is not None and not reader.take(text[end : end + 1]):
            return None
        offset = end + 1
    if reader.scan.depth != reader.kept or reader.scan.quote:
        return None
    return tuple(reader.closed), reader.kept, reader.passed


class _Reader:
    """The reading of one suffix.

    Attributes:
        scan: Lexical state.
        kept: How many of the cursor's levels are still open.
        closed: Levels that were closed, innermost first.
        passed: Levels that were open inside of those that a closing brace closed.
        depths: How much more, or less, is open after each of the first bytes.
    """

    def __init__(self, cursor: SourceScan, kept: int) -> None:
        self.scan = cursor
        self.kept = kept
        self.closed: list[bytes] = []
        self.passed = 0
        self.depths: list[int] = []
        self._levels = cursor.nesting
        self._branches: list[tuple[int, tuple[bytes, ...]]] = []

    @property
    def between_lines(self) -> bool:
        """Whether a line begins, in no branch of a condition."""
        return self.scan.at_line_start and not self._branches

    def take(self, byte: bytes) -> bool:
        """Read a byte; return whether all still means what it says."""
        before, after = self.scan, self.scan.step(byte[0])
        self.scan = after
        if not after.certain and not after.in_directive:
            return False
        if before.in_directive:
            if after.certain and not self._directive_ended(before, after):
                return False
        elif after.depth < before.depth:
            if not self._level_closed(before, after, byte):
                return False
        elif byte in PAIRS and before.mode is Mode.CODE and after.depth == before.depth:
            if before.depth > self.kept:
                return False
            self.closed.append(PAIRS[byte])
        if len(self.depths) < TRACED_BYTES:
            self.depths.append(after.depth - self.kept - len(self.closed))
        return True

    def _level_closed(self, before: SourceScan, after: SourceScan, byte: bytes) -> bool:
        """Something was closed: the innermost of all, or a block with the cursor's brackets in it."""
        if byte in _LINE_ENDS:
            return False
        lost = before.depth - after.depth
        if lost > 1 and before.nesting[-2:] != (CHILDREN, END_TAG):
            matched, *inside = before.nesting[after.depth :]
            if before.depth > self.kept or matched != b"{" or not set(inside) <= {b"(", b"["}:
                return False
            self.passed += lost - 1
        if after.depth < self.kept:
            self.closed.append(self._levels[after.depth])
            self.kept = after.depth
        return True

    def _directive_ended(self, before: SourceScan, after: SourceScan) -> bool:
        """A directive's line has ended: each branch of a condition begins with what was open before it."""
        if len(after.conditions) > len(before.conditions):
            self._branches.append((self.kept, tuple(self.closed)))
            return True
        another = before.line.rpartition(b"\n")[2].lstrip(b" \t#").startswith(b"el")
        ended = len(after.conditions) < len(before.conditions)
        if not self._branches:
            return not (another or ended) or (self.kept == 0 and before.conditions[-1:] == (0,))
        if another:
            self.kept, closed = self._branches[-1]
            self.closed = list(closed)
        elif ended:
            self._branches.pop()
        return True
