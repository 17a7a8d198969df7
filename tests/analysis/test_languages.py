"""How a document's language is told, and whether the rows of the table agree with each other."""

from __future__ import annotations

from collections import Counter

import pytest

from analysis.languages import LANGUAGES, PLAIN, PYTHON, Language, language_of
from analysis.syntax import parser_of


@pytest.mark.parametrize(
    ("name", "path", "wanted"),
    [
        ("python", "/p/a.txt", "python"),
        ("", "/p/a.py", "python"),
        ("", "/p/a.PYI", "python"),
        ("", "/p/a.tsx", "typescriptreact"),
        ("tsx", "", "typescriptreact"),
        ("JavaScript", "", "javascript"),
        ("plaintext", "/p/a.py", "plaintext"),
        ("vue", "/p/a.ts", "typescript"),
        ("", "/p/Makefile", "makefile"),
        ("", "/p/.gitignore", "plaintext"),
        ("cobol", "/p/a.cob", "plaintext"),
        ("", "", "plaintext"),
    ],
)
def test_a_language_is_told_by_its_name_then_by_the_path(name: str, path: str, wanted: str) -> None:
    """What an editor says counts, if it is known; a path tells where nothing is said."""
    assert language_of(name, path).id == wanted


def test_every_name_and_suffix_belongs_to_one_row() -> None:
    """Two rows never want the same document."""
    names = Counter(name for row in LANGUAGES for name in (row.id, *row.aliases))
    suffixes = Counter(suffix for row in LANGUAGES for suffix in row.suffixes)
    assert max(names.values()) == max(suffixes.values()) == 1
    assert all(row is language_of(name) for row in LANGUAGES for name in (row.id, *row.aliases))
    assert PYTHON in LANGUAGES
    assert PLAIN in LANGUAGES


@pytest.mark.parametrize("row", [row for row in LANGUAGES if row.grammar is not None], ids=lambda row: row.id)
def test_every_grammar_can_be_loaded(row: Language) -> None:
    """A grammar that is named is installed, and fits the tree-sitter that is."""
    assert parser_of(row.id).parse(b"").root_node.end_byte == 0
