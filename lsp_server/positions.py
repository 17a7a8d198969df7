"""Between the positions of the protocol and offsets into a text.

A line ends at ``\\n``, ``\\r\\n`` or ``\\r`` and nowhere else (LSP 3.18, "Text Documents");
``str.splitlines`` also cuts at form feeds, U+2028 and others and must not be used here.
"""

from __future__ import annotations

import io
from bisect import bisect_right
from itertools import accumulate

from lsprotocol import types

# Python's codec and the bytes per unit of each position encoding.
_UNITS = {
    types.PositionEncodingKind.Utf8: ("utf-8", 1),
    types.PositionEncodingKind.Utf16: ("utf-16-le", 2),
    types.PositionEncodingKind.Utf32: ("utf-32-le", 4),
}


class Positions:
    """Converts positions in one immutable text.

    Positions that do not exist are moved to the nearest before them that does: past the end of
    a line to its end, past the last line to the end of the text, inside a character to its start.
    """

    def __init__(self, text: str, encoding: types.PositionEncodingKind) -> None:
        """Find the lines of ``text``, which holds no surrogates."""
        self._text = text
        self._codec, self._width = _UNITS[encoding]
        ends = accumulate(map(len, io.StringIO(text, newline="")), initial=0)
        self._starts = list(ends)
        if text and not text.endswith(("\n", "\r")):
            self._starts.pop()

    def line_start(self, offset: int) -> int:
        """Return where the line that ``offset`` lies on starts."""
        return self._starts[self._line(offset)]

    def offset(self, position: types.Position) -> int:
        """Return the offset of a position, in characters."""
        if position.line >= len(self._starts):
            return len(self._text)
        content = self._content(position.line)
        if content.isascii():
            return self._starts[position.line] + min(position.character, len(content))
        units = content.encode(self._codec)[: position.character * self._width]
        return self._starts[position.line] + len(units.decode(self._codec, "ignore"))

    def position(self, offset: int) -> types.Position:
        """Return the position of an offset between 0 and the length of the text."""
        line = self._line(offset)
        before = self._text[self._starts[line] : offset]
        return types.Position(line, len(before.encode(self._codec)) // self._width)

    def _line(self, offset: int) -> int:
        return bisect_right(self._starts, offset) - 1

    def _content(self, line: int) -> str:
        """Return a line without its end."""
        start = self._starts[line]
        if line + 1 == len(self._starts):
            return self._text[start:]
        end = self._starts[line + 1]
        return self._text[start : end - 2 if self._text[max(start, end - 2) : end] == "\r\n" else end - 1]
