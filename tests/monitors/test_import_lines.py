"""The table of import statements says what Python's own parser says."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors.import_lines import fits, is_whole

WORDS = (b"import", b"from", b"as", b"a", b"b1", b"asset", b"importer", b"if", b".", b",", b"(", b")", b"*", b";", b"1")


@pytest.mark.parametrize(
    "line",
    [
        b"import a",
        b"import a.b as c, d",
        b"import a; x = {1: '2'}",
        b"from a import b",
        b"from ...a.b import c as d, e",
        b"from . import *",
        b"from .a import (b, c as d,)",
        b"from a import (  # b; c\n    d,\n    # e\n)",
        b"from a \\\n    import b",
    ],
)
def test_each_beginning_of_a_statement_fits(line: bytes) -> None:
    """From its first word on."""
    assert is_whole(line)
    assert all(fits(line[:size]) for size in range(6, len(line) + 1))


@pytest.mark.parametrize(
    "line",
    [
        b"import a b",
        b"import a.1",
        b"import *",
        b"import (",
        b"from a im ",
        b"from a import b.",
        b"from a import b(",
        b"from a import ()",
        b"from a import (b,,",
        b"from a import (b\n    c",
        b"from a import b c",
        b"from a import b as c d",
        b"from a import *,",
        b"from a import if ",
        b"from a import '",
    ],
)
def test_what_has_no_place(line: bytes) -> None:
    """The last byte shows it."""
    assert not fits(line)
    assert fits(line[:-1])


@given(st.sampled_from((b"import ", b"from ")), st.lists(st.sampled_from(WORDS), max_size=9))
def test_python_agrees(first: bytes, words: list[bytes]) -> None:
    """A line is whole just where it parses as an import, or as one and more behind a semicolon."""
    line = first + b" ".join(words)
    assert not is_whole(line) or all(fits(line[:size]) for size in range(6, len(line) + 1))
    if b";" in words:
        line = line.partition(b";")[0]
    assert is_whole(line) == parses(line)


def parses(line: bytes) -> bool:
    try:
        ast.parse(line)
    except SyntaxError:
        return False
    return True
