from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.facts import FactView
from analysis.python.scanner import START
from monitors.base import FORBIDDEN, Lexed
from monitors.brackets import Brackets
from monitors.heal import Heal
from tests.monitors.laws import check_laws, cut_points, source_text
from tests.monitors.replay import Case, cases, library_files, refused
from tests.monitors.sites import site

VIEW = FactView()


def first_forbidden(text: str, new: str) -> int | None:
    """Return the offset in ``new`` of the first byte that is forbidden at the cursor of ``text``."""
    request = site(text)
    monitor = Brackets(request)
    typed = len(request.typed)
    offset = refused(monitor, Case(request, request.typed + new.encode()))
    return None if offset is None else offset - typed


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("x = $0\n", "f(a)[0]"),
        ("x = f($0\n", "a)"),
        ("x = f(a$0)\n", "[1], (2)"),
        ("x = f(a$0)\n", "b)"),
        ("x = f(g(a$0))\n", "b))"),
        ("x = f(a$0):\n", "b):"),
        ("x = f(a$0) :\n", "b):"),
        ('x = f("$0")\n', "a, (b"),
        ('x = f("$0")\n', 'a")'),
        ('x = "$0"\n', 'it\\"s'),
        ("x = [f(a$0, ]\n", "b)"),
        ("x = f(a, $0b)\n", "c(d), "),
        ("f(\n    a,\n    $0\n)\nreturn\n", "b(1),\n    c"),
        ("x = {$0}\n", "'a': [1]"),
        ("x = f'{a$0}'\n", "[b]:{c"[:3]),
        ("x = f'{$0}'\n", "a:{w}}'"),
        ("x = f'{a$0}'\n", "!r:>{w}"),
        ("x = f'{a$0} {b:c}'\n", ":>10"),
        ("def f():\n    '''$0'''\n", "a (b ] 'c' \"d"),
        ("def f():\n    '''$0\n", "a (b'''"),
        ("# note $0\n", "it's ) fine ("),
        ("x = 1  $0\n", "# ] ("),
        ("$0\n    a,\n)\n", "x = f("),
    ],
)
def test_allowed(text: str, new: str) -> None:
    """What fits, or types over the rest of the cursor's line, passes and may be followed by the suffix."""
    assert first_forbidden(text, new) is None


@pytest.mark.parametrize(
    ("text", "new", "offset"),
    [
        ("x = $0\n", ")", 0),
        ("x = $0\n", "f(a]", 3),
        ("x = f($0\n", "a", 1),
        ("x = f($0\n", "a))", 2),
        ("x = f(a$0, b)\n", "c), ", 1),
        ("x = f(a$0)\n", "b).c", 2),
        ("x = f(a$0)\n", "b))", 2),
        ("x = f(g(a$0))\n", "b)]", 2),
        ("x = f(a$0)\n", "g(b", 3),
        ('x = f("$0 tail")\n', 'a" + c', 1),
        ('x = f("$0")\n', 'a", b', 2),
        ('x = "a$0"\n', "\n", 0),
        ("x = $0\n", '"abc\n', 4),
        ("x = $0\n", '"abc', 4),
        ("x = f(a, $0b)\n", "c  # d", 6),
        ("f(\n    a,\n    $0\n)\nreturn\n", "b)", 1),
        ("x = {$0}\n", "1: [2}", 5),
        ("x = f'{$0} {b}'\n", "a} c", 3),
        ("x = max(len($0) for a in b)\n", "a))", 2),
        ("def f():\n    '''$0 more\n    text'''\n", "a'''", 3),
        ("x = '$0'\n", "a\\", 2),
        ('"""a$0"""\n', 'b"', 2),
        ('"""a$0\nx = 1\n', "b", 1),
    ],
)
def test_forbidden(text: str, new: str, offset: int) -> None:
    """The first byte that closes what it must not, or an end that leaves too much or too little, is forbidden."""
    assert first_forbidden(text, new) == offset


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("x = f(\ndef g():\n    return a[$0\n", "1))"),
        ("x = f(a$0]\n", "b"),
        ("x = f(a$0]\n", "b)"),
        ("x = $0'\n", "'a"),
        ("x = $0'\n", "f(1)"),
        ("x = [f(a$0)\n", "b"),
    ],
)
def test_stands_down(text: str, new: str) -> None:
    """Where the document is broken around the cursor, nothing is asked of closings and ends."""
    assert first_forbidden(text, new) is None


def test_behind_the_typed_over_line_nothing_is_constrained() -> None:
    """What follows the line that was typed over is cut off, so it is not looked at."""
    assert first_forbidden("x = f(a$0)\n", "b)\n]]") is None


def test_typed_part_is_not_judged() -> None:
    """Closings that the user typed count as given."""
    assert first_forbidden("f(\n    a), (b$0\n)\n", ", c") is None


def test_ending_needs_the_suffix_read_the_same() -> None:
    """A quote pending before a closing triple quote, or a backslash before a quote, may not be the end."""
    request = site('x = """a$0"""\n')
    monitor = Brackets(request)
    text = Lexed.of(request.start, request.typed + b' "')
    state = monitor.step(monitor.start(), text, VIEW)[1]
    assert monitor.step(state, Lexed.of(text.after[-1], b'"""\n', is_suffix=True), VIEW)[0] == FORBIDDEN
    assert monitor.step(state, Lexed.of(text.after[-1], b" ", is_suffix=False), VIEW)[0] == 0


def test_asks_nothing() -> None:
    """The monitor needs no facts, lists no continuations and judges no names."""
    monitor = Brackets(site("x = f($0\n"))
    state = monitor.start()
    assert monitor.continuations(state) is None
    assert (monitor.needs(state, START), monitor.missing(state), monitor.checks(state)) == ((), (), ())


CURSORS = (
    "x = $0\n",
    "x = f(a$0)\n",
    "x = f(a, $0b)[0]\n",
    'x = f("$0", {})\n',
    "f(\n    a,\n    $0\n)\nreturn\n",
    "x = f'{a$0}'\n",
    "def f():\n    '''a$0'''\n",
    "x = f(a$0]\n",
)


@given(text=source_text(), cuts=cut_points(), cursor=st.sampled_from(CURSORS))
def test_laws(text: bytes, cuts: list[int], cursor: str) -> None:
    """The laws of monitors hold at whole, open and broken brackets."""
    request = site(cursor)
    check_laws(Brackets(request), request.start, request.typed + text, cuts)


def test_sound_on_the_standard_library() -> None:
    """Neither monitor forbids a byte or the end of a true middle, in 60 files."""
    seen = 0
    for number, path in enumerate(library_files(60)):
        for case in cases(path.read_bytes(), 12, random.Random(number)):
            seen += 1
            for monitor in (Brackets(case.site), Heal(case.site)):
                assert refused(monitor, case) is None, (path.name, monitor.name, case.site.typed, case.middle)
    assert seen > 400
