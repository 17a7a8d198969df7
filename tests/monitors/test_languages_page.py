"""docs/languages.md says what the table says."""

from __future__ import annotations

import re
from pathlib import Path

from analysis.languages import LANGUAGES, PYTHON
from tests.monitors.source_files import SOURCES

PAGE = (Path(__file__).parents[2] / "docs" / "languages.md").read_text("utf-8")


def test_the_page_names_every_language_once() -> None:
    """In the first table's first column."""
    first = PAGE.split("\n\n")[3]
    named = [name for line in first.splitlines()[2:] for name in re.findall(r"`([a-z]+)`", line.split("|")[1])]
    assert sorted(named) == sorted(row.id for row in LANGUAGES)


def test_every_language_with_brackets_has_a_program_of_ours() -> None:
    """Whose truth the monitors must not forbid; those that share a row's tokens and grammar need one."""
    tokens = {row.lexis for row in LANGUAGES if row.id in SOURCES}
    bare = {row.id for row in LANGUAGES if row.lexis.brackets and row is not PYTHON and row.lexis not in tokens}
    assert not bare
