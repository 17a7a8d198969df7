"""``FILE:LINE[:COL]`` and the text there."""

from __future__ import annotations

from pathlib import Path

import pytest

from verifill.errors import Failure
from verifill.place import find, line_and_column, offset_of, read, split_lines


@pytest.mark.parametrize(
    ("text", "line", "column", "offset"),
    [
        ("", 1, None, 0),
        ("", 1, 1, 0),
        ("ab\ncd", 1, None, 2),
        ("ab\ncd", 2, 1, 3),
        ("ab\ncd", 2, 3, 5),
        ("ab\n", 2, None, 3),
        ("ab\r\ncd", 1, None, 2),
        ("ab\r\ncd", 2, 2, 5),
        ("ab\rcd", 2, None, 5),
        ("ab\n\rcd", 3, 1, 4),
        ("a\x0cb\x1cc\u2028d\x85e\n", 1, None, 9),
        ("\tx", 1, 2, 1),
        ("é😀x", 1, 3, 2),
    ],
)
def test_offset(text: str, line: int, column: int | None, offset: int) -> None:
    """A place is counted in characters, and lines end only at \\n, \\r\\n and \\r."""
    assert offset_of(text, line, column, "f.py") == offset
    if column is not None:
        assert line_and_column(text, offset) == (line, column)


@pytest.mark.parametrize(
    ("line", "column", "message"),
    [
        (3, None, "f.py has 2 lines; there is no line 3"),
        (1, 4, "line 1 of f.py has 2 characters; there is no column 4"),
        (2, 3, "line 2 of f.py has 1 character; there is no column 3"),
        (0, None, "LINE and COL are counted from 1"),
        (1, 0, "LINE and COL are counted from 1"),
    ],
)
def test_no_such_place(line: int, column: int | None, message: str) -> None:
    """A place outside the text is refused with what is there."""
    with pytest.raises(Failure) as caught:
        offset_of("ab\nc", line, column, "f.py")
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("name", "spec", "offset"),
    [
        ("app.py", "app.py:2:2", 4),
        ("app.py", "app.py:2", 5),
        ("odd:3:1.py", "odd:3:1.py:1:2", 1),
        ("with blank.py", "with blank.py:1:1", 0),
    ],
)
def test_find(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, spec: str, offset: int) -> None:
    """The numbers at the end are the place, and everything before them is the file."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(b"ab\ncd")
    place = find(spec)
    assert (place.path, place.text, place.offset) == ((tmp_path / name).resolve(), "ab\ncd", offset)


@pytest.mark.parametrize("spec", ["app.py", "app.py:", "app.py:x", "app.py:-1", ":3", "", "app.py:٣"])
def test_not_a_place(spec: str) -> None:
    """Anything else is answered with the form that is expected."""
    with pytest.raises(Failure, match="expected FILE:LINE or FILE:LINE:COL"):
        find(spec)


def test_text_is_kept(tmp_path: Path) -> None:
    """Line ends, tabs and form feeds stay; a byte order mark is no part of the text."""
    path = tmp_path / "a.py"
    path.write_bytes(b"\xef\xbb\xbfa\r\n\tb\x0c\rc\n")
    assert read(path) == "a\r\n\tb\x0c\rc\n"


def test_lines() -> None:
    """A text has one line more than line ends."""
    assert split_lines("a\r\nb\n\rc") == ["a", "b", "", "c"]
