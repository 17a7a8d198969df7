"""Bytes that have no place in Python are forbidden; everything that files contain is not."""

from __future__ import annotations

import pytest

from analysis.facts import BaseDocument, FactView
from analysis.python.scanner import START, scan_text
from monitors.base import FORBIDDEN, Lexed, Site
from monitors.lexical import Lexical

VIEW = FactView()


def forbids(text: bytes, typed: bytes = b"", suffix: bytes = b"") -> bool:
    """Whether the monitor forbids a middle, or the suffix behind it."""
    monitor = Lexical(Site(BaseDocument("/p/a.py", "/p", "", ""), START, typed, b"", b"", b"\n"))
    lexed = Lexed.of(START, text)
    penalty, state = monitor.step(monitor.start(), lexed, VIEW)
    if penalty == FORBIDDEN:
        return True
    return bool(suffix) and monitor.step(state, Lexed.of(lexed.after[-1], suffix, True), VIEW)[0] == FORBIDDEN


@pytest.mark.parametrize(
    "text",
    [
        b"x = $",
        b"x ? y",
        b"`x`",
        b"\x01",
        b"x!",
        b"!x",
        b"x \\ y",
        b"x.1",
        b"x.(",
        b"< 2",
        b"x\n    = 2",
        b"if = 2",
        b"if x and  == 2",
        b"x is )",
        b"f(async x)",
        b"f(if x)",
        b"x = (for y in z)",
        b"return in x",
        b"x == else ",
        b"x. = 1",
        b"x.\n",
        b"a\\b",
        b"x.'s'",
        b"from a import 1",
        b"from a import (\n    3",
        b"import a = 2",
        b"import a, 'b'",
        b"from a import b[",
        b"from a import (\n    b\n    c",
        b"from a import\n",
        b"from.a import b.c",
        b"import a b",
        b"f(a, b.c:",
        b"x = (a():",
        b"f(a\n    else:",
        b"f(a: b",
    ],
)
def test_forbidden(text: bytes) -> None:
    """One wrong byte and the one behind it are enough."""
    assert forbids(text + b" " if text.endswith(b"!") else text)


@pytest.mark.parametrize(
    "text",
    [
        b"x != y", b"f'{x!r}'", b"'$?`\x01'", b"# $ ? !", b"x = 1 \\\n + 2", b"x. y", b"x.\\\n  y", b"(x.\n  y)",
        b"(x. # why\n  y)", b"1.", b"1.5", b"...", b"x = ...\n", b"from . import a", b"from .a import b",
        b"\ty\x0c\r\n", "é = größe.länge".encode(), b"x[...].y", b"f'{x:>{w}.2f}'",
        b"from ..a.b2 import (  # 1 'x'\n    c as d,\n    e3,\n)\nx = 1", b"import a; x = 'b' + 1", b"from a import *",
        b"import_2 = 3", b"f(asynchronous)", b"f(x for y in z)", b"x = [await y, not z]", b"x not in y", b"if -x: y",
        b"for x, in y: z", b"for *x, y in z: a", b"(yield)", b"elif_ = 2", b"x = lambda: y", b"if (x): y",
        b"from a \\\n    import b", b"raise A from b[1]", b"x = yield from f(1)", b"f(a := 1)", b"if (\n    a := b): c",
        b"def f(a: b): c", b"async def f(a: b): c", b"x = (lambda a: b)", b"x[(a):b]", b"f({a: b}, f'{c:d}', ':')",
        b"f(x, lambda: y)", b"import a\nx = 1", b"importlib(1)",
    ],
)  # fmt: skip
def test_allowed(text: bytes) -> None:
    """Everything else is somebody else's business."""
    assert not forbids(text)


@pytest.mark.parametrize(
    ("text", "suffix", "forbidden"),
    [(b"x.", b"\n", True), (b"x.", b"(a)\n", True), (b"x.", b"foo()\n", False), (b"x.a", b"\n", False)],
)
def test_the_middle_ends_behind_a_dot_only_before_a_name(text: bytes, suffix: bytes, forbidden: bool) -> None:
    """The suffix is judged like any text."""
    assert forbids(text, suffix=suffix) == forbidden


def test_a_colon_in_parentheses_that_nobody_closes() -> None:
    """A bracket that was forgotten lines before makes parentheses of the rest; one of the cursor's line does not."""
    start = scan_text(b"f(a\n")
    for suffix, forbidden in ((b"\n", False), (b"\n)\n", True)):
        monitor = Lexical(Site(BaseDocument("/p/a.py", "/p", "", ""), start, b"if b", b"", b"", suffix))
        text = Lexed.of(start, b"if b.c:")
        assert (monitor.step(monitor.start(), text, VIEW)[0] == FORBIDDEN) is forbidden


def test_of_the_suffix_the_first_line_counts() -> None:
    """What is wrong behind it the user has written."""
    assert forbids(b"from a import ", suffix=b"\n")
    assert not forbids(b"from a import b", suffix=b"\nimport\n")


def test_what_the_user_typed_is_the_users() -> None:
    """The typed part is never forbidden."""
    assert not forbids(b"x = $", typed=b"x = $")
    assert forbids(b"x = $$", typed=b"x = $")
    assert not forbids(b"import a b, c", typed=b"import a b")
