from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors.base import FORBIDDEN, Lexed
from monitors.usage import Usage
from tests.monitors.laws import (
    NO_FACTS,
    check_forbidden,
    check_hearing,
    check_pieces,
    check_suffix,
    cut_points,
    source_text,
)
from tests.monitors.replay import Case, refused
from tests.monitors.sites import site


def first_forbidden(text: str, new: str) -> int | None:
    """Return the offset of the first byte that is forbidden, the length for the end, None for neither."""
    request = site(text)
    offset = refused(Usage(request), Case(request, request.typed + new.encode()))
    return None if offset is None else offset - len(request.typed)


@pytest.mark.parametrize(
    ("text", "new", "offset"),
    [
        ("x = f($0)\n", "a:=1", 1),
        ("x = f(b, $0)\n", "a: int", 1),
        ("x = f($0)\n", "a := 1", None),
        ("x = f($0)\n", "lambda a: a, {b: c}, d[e:g], f'{h:>3}'", None),
        ("x = f($0)\n", "lambda: a", None),
        ("x = f(a$0)\n", ":=1", 0),
        ("x = f(a:$0)\n", "=1", None),
        ("def f($0):\n    pass\n", "a: int = 1", None),
        ("if (a:=1): b\nx = f($0)\n", "a:=1", None),
        ("x = a.$0(b)\n", "c(d)", 4),
        ("x = a.$0(b)\n", "c(d).e", None),
        ("x = a.$0(b)\n", "c[d]", None),
        ("x = a(c)$0(b)\n", "", None),
        ("x = a.$0 (b)\n", "c(d)", None),
        ("x = f(a,$0)\n", " b\n    ", 7),
        ("x = f(a,$0)\n", " b,\n    c", None),
        ("x = f(a,$0)\n", "\n    b\n", None),
        ("x = f(a,$0, c)\n", " b\n    ", 2),
        ("x = f(a,$0, c)\n", "\n    b", None),
        ("x = a$0 + c\n", " + b\n", None),
        ("x = f(a$0)\n", ")\n", None),
        ("x = f(a,$0\n)\n", " b\n", None),
        ("x = f(a,$0)\n", "  # why", 2),
        ("x = f(a,$0)\n", "\n    b  # why\n", None),
        ("x = f(a,$0)\n", " '#'", None),
        ("x = f(a,$0\n)\n", "  # why", None),
        ("x = a$0  # why\n", "  # why", None),
        ("x = '$0'\n", "a:# b(c)", None),
    ],
)
def test_usage(text: str, new: str, offset: int | None) -> None:
    """What nobody means is refused with the byte that makes it so, or at the end."""
    assert first_forbidden(text, new) == offset


CURSORS = ("x = $0\n", "x = f(a, $0)\n", "x = a.$0(b)\n", "f(\n    a$0  # why\n)\n")


def test_one_line() -> None:
    """Where no more is wanted, no line ends before the rest of it."""
    request = replace(site("x = f(a,$0)\n"), multiline=False)
    text = Lexed.of(request.start, request.typed + b" b\n")
    assert Usage(request).step(Usage(request).start(), text, NO_FACTS)[0] == FORBIDDEN


@given(text=source_text(), cuts=cut_points(), cursor=st.sampled_from(CURSORS))
def test_laws(text: bytes, cuts: list[int], cursor: str) -> None:
    """Penalties add up, what is forbidden stays so, and what does not concern it changes nothing."""
    request = site(cursor)
    monitor, start, written = Usage(request), request.start, request.typed + text
    check_pieces(monitor, start, written, cuts, NO_FACTS)
    check_forbidden(monitor, start, written, NO_FACTS)
    check_suffix(monitor, start, written, NO_FACTS)
    check_hearing(monitor, start, written, cuts, NO_FACTS)
