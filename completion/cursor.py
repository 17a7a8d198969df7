"""A line and a column of a text, and the offset that they mean."""

from __future__ import annotations

import re
from typing import Final

LINE_END: Final = re.compile(r"\r\n|\n|\r")
"""What ends a line of source; `str.splitlines` would also cut at form feeds and U+2028."""


def offset_of(text: str, line: int, column: int | None, name: str) -> int:
    """Return the offset of a line and column, both counted from 1.

    Args:
        text: The file's text.
        line: A line; the empty one behind a final line end counts too.
        column: A character of the line, or the one behind its last; None for that one.
        name: The file, for messages.

    Raises:
        ValueError: There is no such line or column.
    """
    if line == 0 or column == 0:
        raise ValueError("LINE and COL are counted from 1")
    starts = [0, *(end.end() for end in LINE_END.finditer(text))]
    if line > len(starts):
        raise ValueError(f"{name} has {_count(len(starts), 'line')}; there is no line {line}")
    start = starts[line - 1]
    end = LINE_END.search(text, start)
    length = (end.start() if end else len(text)) - start
    if column is None:
        return start + length
    if column > length + 1:
        raise ValueError(f"line {line} of {name} has {_count(length, 'character')}; there is no column {column}")
    return start + column - 1


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
