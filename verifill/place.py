"""The place that a user names: ``FILE:LINE[:COL]``, and the text there."""

from __future__ import annotations

import re
import stat
from dataclasses import dataclass
from pathlib import Path

from completion import cursor
from verifill.errors import Failure

# Nobody writes source by hand in larger files, and the analysis would choke on one.
MAX_BYTES = 16_000_000

_PLACE = re.compile(r"(?P<file>.+?):(?P<line>[0-9]{1,9})(?::(?P<column>[0-9]{1,9}))?", re.DOTALL)


@dataclass(frozen=True)
class Place:
    """A cursor in a file that has been read.

    Attributes:
        path: Absolute path.
        text: The file's text, its line ends unchanged, without byte order mark.
        offset: The cursor, in characters of ``text``.
    """

    path: Path
    text: str
    offset: int


def find(spec: str) -> Place:
    """Read the file that ``spec`` names and find the cursor in it.

    Args:
        spec: ``FILE:LINE[:COL]``, both counted from 1, COL in characters; without COL the
            cursor is at the end of the line.

    Raises:
        Failure: The form is wrong, the file cannot be read as text, or there is no such place.
    """
    match = _PLACE.fullmatch(spec)
    if match is None:
        raise Failure(f"expected FILE:LINE or FILE:LINE:COL, as in app.py:12:8; got {spec!r}")
    path = Path(match["file"])
    text = read(path)
    column = None if match["column"] is None else int(match["column"])
    return Place(path.resolve(), text, offset_of(text, int(match["line"]), column, str(path)))


def read(path: Path) -> str:
    """Return the text of a UTF-8 file, its line ends unchanged, without byte order mark."""
    try:
        info = path.stat()
        if stat.S_ISDIR(info.st_mode):
            raise Failure(f"{path} is a directory; name a file in it")
        if not stat.S_ISREG(info.st_mode):
            raise Failure(f"{path} is not a regular file")
        if info.st_size > MAX_BYTES:
            raise Failure(f"{path} has {info.st_size:,} bytes; files over {MAX_BYTES:,} are not completed")
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise Failure(f"cannot read {str(path)!r}: {reason}") from error
    if b"\0" in data:
        raise Failure(f"{path} is a binary file (it has a NUL byte)")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Failure(
            f"{path} is not UTF-8 (byte 0x{data[error.start]:02x} in line {line}); save it as UTF-8"
        ) from error


def offset_of(text: str, line: int, column: int | None, name: str) -> int:
    """Return the offset of a place; see ``completion.cursor.offset_of``.

    Raises:
        Failure: There is no such line or column.
    """
    try:
        return cursor.offset_of(text, line, column, name)
    except ValueError as error:
        raise Failure(str(error)) from error


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    """Return the line and column of an offset, both counted from 1."""
    start, line = 0, 1
    for end in cursor.LINE_END.finditer(text, 0, offset):
        start, line = end.end(), line + 1
    return line, offset - start + 1


def split_lines(text: str) -> list[str]:
    """Return the lines of a text without their ends; one more than there are line ends."""
    return cursor.LINE_END.split(text)
