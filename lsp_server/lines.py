"""A text under edit, line by line, so that a hundred edits at once (replace all) cost little more than one.

A line ends at ``\\n``, ``\\r\\n`` or ``\\r`` and nowhere else (LSP 3.18, "Text Documents");
``str.splitlines`` also cuts at form feeds, U+2028 and others and must not be used here.
"""

from __future__ import annotations

import io

from lsprotocol import types

# Python's codec and the bytes per unit of each position encoding.
UNITS = {
    types.PositionEncodingKind.Utf8: ("utf-8", 1),
    types.PositionEncodingKind.Utf16: ("utf-16-le", 2),
    types.PositionEncodingKind.Utf32: ("utf-32-le", 4),
}


class Lines:
    """The lines of a text; edits change it in place.  Positions that do not exist are moved as ``Positions`` does."""

    def __init__(self, text: str, encoding: types.PositionEncodingKind) -> None:
        """Find the lines of ``text``, which holds no surrogates."""
        self._encoding = encoding
        self._lines = lines_of(text)

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(self._lines)

    def replace(self, span: types.Range, text: str) -> None:
        """Put ``text``, which holds no surrogates, in a range's place; one the wrong way round is turned."""
        (first, head), (last, tail) = sorted((self._place(span.start), self._place(span.end)))
        # The lines beside it are cut anew, too: a carriage return and a line feed may meet, or part.
        start, end = max(0, first - 1), last + 2
        before = "".join(self._lines[start:first]) + self._lines[first][:head]
        behind = self._lines[last][tail:] + "".join(self._lines[last + 1 : end])
        pieces = lines_of(before + text + behind)
        if end < len(self._lines):
            pieces.pop()  # what is behind the last line end begins the next line, which stays
        self._lines[start:end] = pieces

    def _place(self, position: types.Position) -> tuple[int, int]:
        """Return the line, and the characters before the position in it."""
        if position.line >= len(self._lines):
            return len(self._lines) - 1, len(self._lines[-1])
        content = self._lines[position.line].rstrip("\r\n")
        return position.line, column_of(content, position.character, self._encoding)


def lines_of(text: str) -> list[str]:
    """Return the lines with their ends; the last one has none, and may be empty."""
    lines = list(io.StringIO(text, newline=""))
    return lines if lines and not lines[-1].endswith(("\n", "\r")) else [*lines, ""]


def column_of(content: str, units: int, encoding: types.PositionEncodingKind) -> int:
    """Return how many characters lie before a position in a line without its end; at most all.

    Args:
        content: The line.
        units: What the client counts before the position; one inside a character is moved to its start.
        encoding: In which the client counts.
    """
    if content.isascii():
        return min(units, len(content))
    codec, width = UNITS[encoding]
    return len(content.encode(codec)[: units * width].decode(codec, "ignore"))
