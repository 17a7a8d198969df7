"""The code around a cursor with the completion in its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text

from verifill.explain.attribution import Piece, unix_lines
from verifill.explain.look import QUIET, Look, letter_of, style_of, visible

TAB = 4


@dataclass(frozen=True)
class Stretch:
    """Part of a line: code as it was, or a part of the completion.

    Attributes:
        text: Printable characters.
        origin: Who wrote it; "" for code that was there.
    """

    text: str
    origin: str = ""


Line = tuple[Stretch, ...]


def listing(before: str, pieces: Sequence[Piece], after: str, around: int, look: Look) -> Iterator[Text]:
    """Yield the lines that the completion touches and ``around`` lines on either side.

    Args:
        before: The document up to the cursor.
        pieces: The completion.
        after: The document behind the cursor.
        around: Lines of context.
        look: What the terminal can show.
    """
    lines, first, last = _compose(unix_lines(before), pieces, unix_lines(after))
    shown = range(max(0, first - around), min(len(lines), last + around + 1))
    digits = len(str(shown.stop))
    for index in shown:
        written = first <= index <= last
        line = _cropped(lines[index], look.width - digits - 6, look)
        yield _numbered(index + 1, digits, line, written, look)
        if written and not look.colours and any(stretch.origin for stretch in line):
            yield _marks(digits, line, look)


def _compose(before: str, pieces: Sequence[Piece], after: str) -> tuple[list[Line], int, int]:
    """Return all lines, and the first and last one (counted from 0) that the completion touches."""
    lines: list[list[Stretch]] = [[]]
    for text, origin in ((before, ""), *((piece.text, piece.origin) for piece in pieces), (after, "")):
        for number, part in enumerate(text.split("\n")):
            if number:
                lines.append([])
            if part:
                lines[-1].append(Stretch(part, origin))
    first = before.count("\n")
    last = first + sum(piece.text.count("\n") for piece in pieces)
    return [tuple(line) for line in lines], first, last


def _numbered(number: int, digits: int, line: Line, written: bool, look: Look) -> Text:
    """Return a line with its number; one that was written to has a pointer."""
    text = Text(no_wrap=True, overflow="crop")
    text.append(f" {look.pointer if written else ' '} ")
    text.append(f"{number:>{digits}} {look.bar} ", QUIET)
    for stretch in line:
        text.append(stretch.text, style_of(stretch.origin) if stretch.origin else Style())
    return text


def _marks(digits: int, line: Line, look: Look) -> Text:
    """Return a row with the letter of its origin under each written character."""
    row = "".join(
        (letter_of(stretch.origin) if stretch.origin else " ") * cell_len(stretch.text) for stretch in line
    ).rstrip()
    return Text(f"   {' ' * digits} {look.bar} {row}", no_wrap=True, overflow="crop")


def _cropped(line: Line, width: int, look: Look) -> Line:
    """Make a line printable and cut it to ``width`` columns, in front when it was written far to the right."""
    printable = _printable(line)
    end = 0
    for index, stretch in enumerate(printable):
        if stretch.origin:
            end = sum(cell_len(s.text) for s in printable[: index + 1])
    if end > width:
        printable = (Stretch(look.ellipsis), *_drop(printable, end - width + cell_len(look.ellipsis)))
    return _take(printable, width, look)


def _printable(line: Line) -> Line:
    """Expand tabs and make other control characters visible."""
    return tuple(Stretch(visible(stretch.text.replace("\t", " " * TAB)), stretch.origin) for stretch in line)


def _drop(line: Line, columns: int) -> Line:
    """Leave out the first ``columns`` columns."""
    kept = []
    for stretch in line:
        start = 0
        while columns > 0 and start < len(stretch.text):
            columns -= cell_len(stretch.text[start])
            start += 1
        if start < len(stretch.text):
            kept.append(Stretch(stretch.text[start:], stretch.origin))
    return tuple(kept)


def _take(line: Line, columns: int, look: Look) -> Line:
    """Keep what fits into ``columns`` columns; an ellipsis says that something does not."""
    if sum(cell_len(stretch.text) for stretch in line) <= columns:
        return line
    left = columns - cell_len(look.ellipsis)
    kept: list[Stretch] = []
    for stretch in line:
        text = ""
        for char in stretch.text:
            left -= cell_len(char)
            if left < 0:
                return (*kept, Stretch(text, stretch.origin), Stretch(look.ellipsis))
            text += char
        kept.append(stretch)
    return tuple(kept)
