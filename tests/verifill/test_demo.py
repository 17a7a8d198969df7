"""The demo and its examples."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from verifill.cli import run
from verifill.demo import Cursor, examples_folder, read_cursors

FOLDER = examples_folder()
CURSORS = read_cursors(FOLDER)


def test_cursors() -> None:
    """There are a few, one behind a dot of the library that was made up."""
    assert 3 <= len(CURSORS) <= 6
    behind_dot = [c.file for c in CURSORS if c.place.text[: c.place.offset].endswith(".")]
    assert any(file.startswith("unseen/") for file in behind_dot)


@pytest.mark.parametrize("cursor", CURSORS, ids=lambda cursor: cursor.file)
def test_cursor_stands_in_unfinished_code(cursor: Cursor) -> None:
    """A cursor is at the end of what is written on its line, closing brackets aside."""
    line = cursor.place.text[cursor.place.offset :].partition("\n")[0]
    assert line.lstrip(")]}").startswith((" for ", "")) and "\r" not in line
    assert cursor.title and cursor.note


def test_only_cursor_files_are_unfinished() -> None:
    """All other examples parse."""
    open_files = {cursor.place.path for cursor in CURSORS}
    for path in FOLDER.rglob("*.py"):
        if path.resolve() not in open_files:
            ast.parse(path.read_text(encoding="utf-8"), str(path))


@pytest.mark.slow
def test_demo(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo shows every cursor, and the made-up library's answer was checked against it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert run(["demo"]) == 0
    printed = capsys.readouterr().out
    for cursor in CURSORS:
        assert cursor.title in printed
    assert "checked against" in printed
