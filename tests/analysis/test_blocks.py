from __future__ import annotations

import random

import pytest
from hypothesis import given

from analysis.python.blocks import (
    Blocks,
    Column,
    First,
    begins_statement,
    descent,
    first_statement,
    open_blocks,
    read_on,
)
from analysis.python.scanner import START, scan_text
from tests.monitors.laws import source_text
from tests.monitors.replay import library_files


def columns(*wide: int) -> tuple[Column, ...]:
    return tuple(Column(n, n) for n in wide)


@pytest.mark.parametrize(
    ("text", "levels", "header"),
    [
        ("", (0,), False),
        ("x = 1\n", (0,), False),
        ("def f():\n", (0,), True),
        ("def f():  # why\n\n# note\n", (0,), True),
        ("def f():\n  if a:\n      b\n", (0, 2, 6), False),
        ("def f():\n    if a:\n        b\n    c\n", (0, 4), False),
        ("def f():\n    a\nx\n", (0,), False),
        ("def f():\n    a = (\n  1,\n)\n", (0, 4), False),
        ('def f():\n    """\n  text:\n    """\n', (0, 4), False),
        ("if a: b\n", (0,), False),
        ("x = a[1:\n", (0,), False),
        ("x: int = 3\n", (0,), False),
        ("lambda: 0\n", (0,), False),
        ("if a \\\n  and b:\n", (0,), True),
        ("    \f  if a:\n      b\n", (0, 2, 6), False),
        ("class A:\r\n    def f(self):\r\n", (0, 4), True),
        ("x = '''\ndef f():\n        a\n'''\nif y:\n  z\n", (0, 2), False),
        ("def f():\n        a\n    b\n", (0, 4), False),
    ],
)
def test_open_blocks(text: str, levels: tuple[int, ...], header: bool) -> None:
    """What is open behind a text, and whether a block has to follow."""
    assert open_blocks(text.encode(), scan_text(text)) == Blocks(columns(*levels), header)


def test_tabs_are_compared_both_ways() -> None:
    """A tab is a level of its own: eight blanks are as wide, but not the same."""
    blocks = open_blocks(b"if a:\n\tb\n", scan_text("if a:\n\tb\n"))
    assert blocks.levels == (Column(), Column(8, 1))
    assert blocks.admits(b"\t")
    assert not blocks.admits(b"        ")
    assert Blocks((Column(), Column(8, 1)), True).admits(b"\t\t")
    assert not Blocks((Column(), Column(8, 1)), True).admits(b"        ")


def test_first_statement_of_a_suffix() -> None:
    """Blank lines, comments and the rest of the line are passed over."""
    blocks, scan = read_on(Blocks(), START, b"if a")
    found = first_statement(blocks, scan, b" > 1:  # b\n\n# c\n      d\n")
    assert found is not None
    assert (found.indent, found.blocks.header) == (b"      ", True)
    ended = first_statement(blocks, scan, b"\n\n# c")
    assert ended is not None
    assert ended.indent is None
    assert first_statement(blocks, scan, b"\n" + b"#" * 5000) is None


@given(typed=source_text(8), suffix=source_text())
def test_first_statement_whatever_is_open(typed: bytes, suffix: bytes) -> None:
    """Lines inside brackets and strings are passed over whole: what comes out is what every byte in turn says."""
    blocks, scan = read_on(Blocks(), START, typed)
    found, indent = first_statement(blocks, scan, suffix), None
    for byte in suffix:
        if begins_statement(scan, byte):
            indent = scan.indent
            break
        after = scan.step(byte)
        blocks, scan = blocks.step(scan, after, byte), after
    assert found == First(blocks, indent)


@pytest.mark.parametrize(
    ("text", "wide", "word"),
    [
        ("", (), b""),
        ("\n        a\n        b\n    c\n      d\ne\n", (8, 4, 0), b"a"),
        ("\n# a\n    else:\n        b\n", (4,), b"else"),
        ("\n    f(\n  1)\n  g\n", (4, 2), b"f"),
        ("\n    '''\na\n    '''\n  b\n", (4, 2), b""),
        ("\na\n    b\n", (0,), b"a"),
        ("\n    @a\n    def b(): c\n", (4,), b""),
    ],
)
def test_descent(text: str, wide: tuple[int, ...], word: bytes) -> None:
    """Each statement that is less deep than all before it counts; lines of brackets and strings do not."""
    found = descent(text.encode())
    assert (tuple(column.wide for column in found.columns), found.word) == (wide, word)


def test_the_window_gives_what_the_whole_file_gives() -> None:
    """Reading from the last definition on is a shortcut, not another answer."""
    seen = 0
    for number, path in enumerate(library_files(15)):
        data, rng = path.read_bytes(), random.Random(number)
        starts = [i + 1 for i, byte in enumerate(data) if byte == 10]
        for start in rng.sample(starts, min(4, len(starts))):
            scan = scan_text(data[:start])
            seen += 1
            assert open_blocks(data[:start], scan) == read_on(Blocks(), START, data[:start])[0], (path.name, start)
    assert seen > 45
