from __future__ import annotations

from pathlib import Path

import pytest

from analysis.python.guessing import looks_like_python
from tests.monitors.source_files import SOURCES


@pytest.mark.parametrize("language", [name for name in SOURCES if not name.startswith("json")])
def test_other_languages_are_told_from_python(language: str) -> None:
    """Whole programs, and each half of one."""
    text = SOURCES[language]
    halves = text[: len(text) // 2], text[len(text) // 2 :]
    assert not any(looks_like_python(part) for part in (text, *halves))


@pytest.mark.parametrize("path", sorted(Path(__file__).parents[2].glob("analysis/*.py")), ids=lambda path: path.name)
def test_python_is_python(path: Path) -> None:
    """Our own modules."""
    assert looks_like_python(path.read_text("utf-8"))


@pytest.mark.parametrize("text", ["", "x", "\n\n", "print(1)\n", "{\n    'a': 1,\n}\nx = 1\n"])
def test_python_where_little_is_said(text: str) -> None:
    """It is what most of the users of a program without file names write."""
    assert looks_like_python(text)
