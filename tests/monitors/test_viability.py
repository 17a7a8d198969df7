from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.facts import FactView
from analysis.python.scanner import START, scan_text
from monitors.base import FORBIDDEN, Lexed
from monitors.viability import Barred, Viability
from tests.monitors.laws import NO_FACTS, check_forbidden, check_pieces, cut_points, source_text
from tests.monitors.replay import cases, library_files
from tests.monitors.sites import site


def end_stands(text: str, new: str) -> bool:
    request = site(text)
    middle = request.typed + new.encode()
    return Viability(request).end_stands(middle, scan_text(middle, request.start))


@pytest.mark.parametrize(
    ("text", "line", "stands"),
    [
        ("def f():\n    $0\n", "return a\n", True),
        ("def f():\n    $0\n", "return a b\n", False),
        ("def f():\n    $0\n", "x = = 3\n", False),
        ("def f():\n    $0\n", "if a:\n", True),
        ("def f():\n    $0\n", "if a\n", False),
        ("def f():\n    $0\n", "try:\n        a\n", True),
        ("def f():\n    $0\n", "try:\n        a\n    b\n", False),
        ("class A:\n\n    $0\n", "@property\n", True),
        ("class A:\n\n    $0\n", "@cache(\n        1,\n    )\n", True),
        ("class A:\n\n    $0\n", "@property\n    x = 1\n", False),
        ("$0\n", "The base class for the server\n", False),
        ("$0\n", "print 'a'\n", False),
        ("x = = 1\n$0\n", "return return\n", False),
        ("x = = 1\n$0\n", "return a\n", True),
        ("x = = 1\nif a:\n    $0\n", "b c\n", False),
        ("x = = 1\nif a:\n    $0\n", "b\nelse:\n", True),
        ("x = = 1\nif a:\n    b\n$0\n", "else:\n", True),
        ("x = = 1\ny = = $0\n", "return return\n", True),
        ("f(\n    $0\n", "a b)\n", True),
    ],
)
def test_lines(text: str, line: str, stands: bool) -> None:
    """A line that nothing behind it mends does not stand, in broken text neither; but behind a broken beginning."""
    request = site(text)
    assert Viability(request).line_stands(request.typed + line.encode()) is stands


@pytest.mark.parametrize(
    ("text", "new", "stands"),
    [
        ("x = $0\n", "1", True),
        ("x = $0\n", "1 2", False),
        ("x = f(a, $0)\n", "b", True),
        ("x = f(a, $0)\n", "b c", False),
        ("x = $0.y\n", "f(1)", True),
        ("x = $0.y\n", "f(1) +", False),
        ("try:\n    a\n$0\n", "finally:\n    b", True),
        ("try:\n    a\n$0\nb\n", "c", False),
        ("$0\nelse:\n    b\n", "if a:\n    c", True),
        ("f(\n    a,\n    $0\n)\n", "b=1,", True),
        ("f(\n    a,\n    $0\n)\n", "b=,", False),
        ("@a\n$0\n\n\ndef g():\n    pass\n", "def f():\n    pass", True),
        ("x = '''a $0\n'''\n", "b c", True),
        ("@$0(b)\ndef f():\n    pass\n", "a", True),
        ("$0\n\n\ndef f():\n    pass\n", "@a", True),
        ("$0\nb = 1\n\n\ndef f():\n    pass\n", "@a", False),
        ("x = ($0\n", "1 2", False),
        ("x = ($0\n", "1)", True),
    ],
)
def test_ends(text: str, new: str, stands: bool) -> None:
    """The middle has to be Python with the rest of the line and the suffix, where any middle is."""
    assert end_stands(text, new) is stands


def test_true_lines_and_middles_stand() -> None:
    """Nothing that stands in real files is refused, in 20 files, and most places are looked at."""
    lines = ends = checked = 0
    for number, path in enumerate(library_files(20, seed=3)):
        for case in cases(path.read_bytes(), 6, random.Random(number)):
            viability, scan = Viability(case.site), case.site.start
            for offset, byte in enumerate(case.middle, 1):
                scan = scan.step(byte)
                if scan.ended and offset > len(case.site.typed):
                    lines += 1
                    assert viability.line_stands(case.middle[:offset]), (path.name, case.middle[:offset])
            ends += 1
            assert viability.end_stands(case.middle, scan), (path.name, case.site.typed, case.middle)
            checked += viability.end_stands(case.middle, scan) and not viability.end_stands(b"= " + case.middle, scan)
    assert lines > 150
    assert checked > ends / 3


@pytest.mark.parametrize(
    ("written", "forbidden"),
    [(b" not", True), (b"not x", True), (b" no", False), (b"\n  not", True), (b" is not", False), (b" nothing", True)],
)
def test_barred(written: bytes, forbidden: bool) -> None:
    """The text is refused behind any white space, but not behind anything else."""
    at = Lexed.of(START, written[:2])
    barred = Barred((b"not", b"never"))
    state = barred.step(barred.start(), at, FactView())[1]
    rest = Lexed.of(at.after[-1], written[2:])
    assert (barred.step(state, rest, FactView())[0] == FORBIDDEN) is forbidden


@given(text=source_text(), cuts=cut_points(), barred=st.sampled_from([(b"if", b"for"), (b"x1",), (b"(",)]))
def test_laws_of_barred(text: bytes, cuts: list[int], barred: tuple[bytes, ...]) -> None:
    """The laws of monitors, but for the one about facts."""
    if text:
        check_pieces(Barred(barred), START, text, cuts, NO_FACTS)
        check_forbidden(Barred(barred), START, text, NO_FACTS)
