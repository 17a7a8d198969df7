"""The monitor ``call_syntax``: in which order arguments stand."""

from __future__ import annotations

import ast
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.facts import FactView
from monitors.base import Lexed
from monitors.call_syntax import CallSyntax
from tests.monitors.laws import FRAGMENTS, check_laws, cut_points
from tests.monitors.replay import Case, cases, library_files, refused
from tests.monitors.sites import site


def first_forbidden(text: str, new: str) -> int | None:
    """Return the offset in ``new`` of the first byte that is forbidden at the cursor of ``text``."""
    request = site(text)
    offset = refused(CallSyntax(request), Case(request, request.typed + new.encode()))
    return None if offset is None else offset - len(request.typed)


LEGAL = (
    "f(a, b=1, c=2)",
    "f(a=1, *b)",
    "f(a=1, *b, c=2, **d)",
    "f(**a, b=1)",
    "f(**a, **b)",
    "f(a=1, b=g(a=1))",
    "f(a=1)(a=1)",
    "f(a=1), g(2)",
    "f(a == 1, a == 2, b=1)",
    "f((a), [b], {c}, d=1)",
    "f(lambda a, b: a, c=1)",
    "f(a=lambda b, c=1: b, d=1)",
    "f(x for x, y in z)",
    "f(a=[x for x, y in z], b=1)",
    "f(a='b, c', d=f'{e, g}')",
    "f(a=1,  # b, c\n  d=2)",
    "f(\n    a\n    =1, b=2)",
    "f(a=1 if b else c, d=2)",
    "(a, b)",
    "class A(B, metaclass=C): pass",
    "def f(a=1, *, b): pass",
    "def f(a=g(1, b=2), c=3): return g(1, b=2)",
    "async def f(a=1, b=2): pass",
    "x[a, b]",
    "print(a, end='')",
)


@pytest.mark.parametrize("text", LEGAL)
def test_legal(text: str) -> None:
    """Every order of arguments that Python compiles passes."""
    ast.parse(text)
    assert first_forbidden("$0\n", text) is None


def test_parameters_behind_type_parameters() -> None:
    """The parentheses of a generic function's definition (Python 3.12) hold parameters, not arguments."""
    assert first_forbidden("$0\n", "def f[T: (int, str)](a=1, *, b): pass") is None


# Text, and the part of it behind which nothing is legal any more.
ILLEGAL = (
    ("f(a=1, a=", "f(a=1, a"),
    ("f(a=1, a = 2", "f(a=1, a "),
    ("f(a=1, **b, a=", "f(a=1, **b, a"),
    ("f(a=1, 2", "f(a=1, "),
    ("f(a=1, 'b'", "f(a=1, "),
    ("f(a=1, b'c'", "f(a=1, b"),
    ("f(a=1, (b)", "f(a=1, "),
    ("f(a=1, b)", "f(a=1, b"),
    ("f(a=1, b,", "f(a=1, b"),
    ("f(a=1, b.c", "f(a=1, b"),
    ("f(a=1, b == c", "f(a=1, b ="),
    ("f(a=1, b := c", "f(a=1, b "),
    ("f(a=1, not b", "f(a=1, not"),
    ("f(**a, b)", "f(**a, b"),
    ("f(**a, *b", "f(**a, *"),
    ("f(\n    a=1,  # b\n    c,", "f(\n    a=1,  # b\n    c"),
    ("f(g(a=1, b), c", "f(g(a=1, b"),
    ("f(a=lambda b, c: b, d)", "f(a=lambda b, c: b, d"),
    ("f(a=[x for x, y in z], b)", "f(a=[x for x, y in z], b"),
    ("class A(metaclass=B, C)", "class A(metaclass=B, C"),
    ("x = f'{f(a=1, b)", "x = f'{f(a=1, b"),
    ("match x:\n    case A(b=1, c)", "match x:\n    case A(b=1, c"),
)


@pytest.mark.parametrize(("text", "legal"), ILLEGAL)
def test_illegal(text: str, legal: str) -> None:
    """What no call can go on with is forbidden with the byte that makes it so."""
    assert first_forbidden("$0\n", text) == len(legal)


# Document, new text, and the part of it behind which nothing is legal any more; None for all of it.
BEHIND = (
    ("f(\n    $0\n    a=1,\n)\n", "a=2", "a="),
    ("f(\n    b=1,\n    $0\n    a=1,\n)\n", "a=2", "a"),
    ("f(\n    $0\n    a=1,\n)\n", "a == 2,", None),
    ("f(\n    $0\n    a=1,\n)\n", "g(a=2),", None),
    ("f(\n    $0\n    g(a=1),\n)\n", "a=2,", None),
    ("f(\n    $0\n    x,\n    y,\n)\n", "a=1", "a="),
    ("f(\n    $0\n    x,\n    y,\n)\n", "**a,", "*"),
    ("f(\n    $0\n    *x,\n    b=1,\n)\n", "a=1,", None),
    ("f(\n    $0\n    + 2,\n    b=1,\n)\n", "a=1", None),
    ("f(a=1, $0\n    x, y)\n", "b=2,", None),
    ("f($0, a=1)\n", "a=2)", None),
)


@pytest.mark.parametrize(("document", "new", "legal"), BEHIND)
def test_what_the_suffix_passes(document: str, new: str, legal: str | None) -> None:
    """The rest of the cursor's call behind its line counts; text on the line itself may be typed over."""
    assert first_forbidden(document, new) == (None if legal is None else len(legal))


@pytest.mark.parametrize("new", ["None", "None,"])
def test_the_suffix_may_pass_its_own_keywords(new: str) -> None:
    """The keywords behind the cursor are not passed twice because they stand there."""
    request = site("f(\n    b=$0\n    c=3,\n    d=4,\n)\n")
    monitor = CallSyntax(request)
    written = Lexed.of(request.start, request.typed + new.encode())
    state = monitor.step(monitor.start(), written, FactView())[1]
    assert monitor.step(state, Lexed.of(written.after[-1], request.suffix, is_suffix=True), FactView())[0] == 0


@pytest.mark.parametrize("typed", ["f(a=1, b, ", "f(a=1, a=2, "])
def test_a_call_that_the_user_broke_is_left_alone(typed: str) -> None:
    """What was typed is given, and does not make everything behind it illegal."""
    assert first_forbidden(f"{typed}$0\n", "c, a=1)") is None
    assert first_forbidden(f"{typed}$0\n", "g(a=1, b)") == len("g(a=1, b")


ARGUMENTS = st.lists(
    st.sampled_from((*FRAGMENTS, b"f(", b"a=", b"b=1, ", b"*", b"**", b", ", b")", b"c", b"lambda x, y: ")), max_size=24
)


@given(text=ARGUMENTS.map(b"".join), cuts=cut_points(), document=st.sampled_from([row[0] for row in BEHIND]))
def test_laws(text: bytes, cuts: list[int], document: str) -> None:
    """The laws of monitors hold."""
    request = site(document)
    check_laws(CallSyntax(request), request.start, request.typed + text, cuts)


def test_sound_on_the_standard_library() -> None:
    """No byte and no end of a true middle is forbidden, in 40 files."""
    seen = 0
    for number, path in enumerate(library_files(40, seed=3)):
        for case in cases(path.read_bytes(), 12, random.Random(number)):
            seen += 1
            assert refused(CallSyntax(case.site), case) is None, (path.name, case.site.typed, case.middle)
    assert seen > 250
