"""Between the positions of the protocol and offsets into a text."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

from lsprotocol import types

from lsp_server.lines import UNITS, column_of, lines_of


class Positions:
    """Converts positions in one immutable text.

    Positions that do not exist are moved to the nearest before them that does: past the end of
    a line to its end, past the last line to the end of the text, inside a character to its start.
    """

    def __init__(self, text: str, encoding: types.PositionEncodingKind) -> None:
        """Find the lines of ``text``, which holds no surrogates."""
        self._text = text
        self._encoding = encoding
        self._starts = list(accumulate(map(len, lines_of(text)), initial=0))[:-1]

    def line_start(self, offset: int) -> int:
        """Return where the line that ``offset`` lies on starts."""
        return self._starts[self._line(offset)]

    def offset(self, position: types.Position) -> int:
        """Return the offset of a position, in characters."""
        if position.line >= len(self._starts):
            return len(self._text)
        content = self._content(position.line)
        return self._starts[position.line] + column_of(content, position.character, self._encoding)

    def position(self, offset: int) -> types.Position:
        """Return the position of an offset between 0 and the length of the text."""
        line = self._line(offset)
        before = self._text[self._starts[line] : offset]
        codec, width = UNITS[self._encoding]
        return types.Position(line, len(before.encode(codec)) // width)

    def _line(self, offset: int) -> int:
        return bisect_right(self._starts, offset) - 1

    def _content(self, line: int) -> str:
        """Return a line without its end."""
        following = self._starts[line + 1 : line + 2] or [len(self._text)]
        return self._text[self._starts[line] : following[0]].rstrip("\r\n")
