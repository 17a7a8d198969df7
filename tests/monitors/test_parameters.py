from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors.parameters import Parameters
from tests.monitors.laws import check_laws, cut_points, source_text
from tests.monitors.replay import Case, refused
from tests.monitors.sites import site


def first_forbidden(text: str, new: str) -> int | None:
    """Return the offset of the first byte that is forbidden, the length for the end, None for neither."""
    request = site(text)
    offset = refused(Parameters(request), Case(request, request.typed + new.encode()))
    return None if offset is None else offset - len(request.typed)


@pytest.mark.parametrize(
    ("text", "new", "offset"),
    [
        ("def f(a, $0):\n    pass\n", "b, a: int", 4),
        ("def f(a, $0):\n    pass\n", "a", 1),
        ("def f(a, $0):\n    pass\n", "ab, *, a_=1, **b", None),
        ("def f(a, $0):\n    pass\n", "*a", 2),
        ("def f(\n    a,  # b\n    $0\n):\n    pass\n", "b,\n    a", 8),
        ("def f(\n    a,\n    $0\n    b,\n):\n    pass\n", "b,", 1),
        ("def f(a, $0, b):\n    pass\n", "c=b", None),
        ("def f(a, $0, b):\n    pass\n", "b", 1),
        ("def f($0, **b):\n    pass\n", "b", 1),
        ("def f($0):\n    pass\n", "**a, b", 6),
        ("def f($0):\n    pass\n", "*a, **b,", None),
        ("def f($0):\n    pass\n", "a: b[a, a] = g(a, a), c=a**a, d: a = (a, a)", None),
        ("def f($0):\n    pass\n", "a=lambda b, c: 1, b=2", None),
        ("def f[T: (int, str)]($0):\n    pass\n", "int, str, T", None),
        ("async def f($0):\n    pass\n", "a, a", 4),
        ("async with (a as b, $0):\n    pass\n", "a as c", None),
        ("def f(a, a$0):\n    pass\n", ", b", None),
        ("def f(a): return ($0)\n", "a, a", None),
        ("x = f(a, $0)\n", "a", None),
        ("class A:\n    def f(s$0\n\n    def g(self, b):\n        pass\n", "elf, b):", None),
    ],
)
def test_parameters(text: str, new: str, offset: int | None) -> None:
    """A parameter is refused where its name ends."""
    assert first_forbidden(text, new) == offset


CURSORS = ("$0\n", "def f(a, $0):\n    pass\n", "def f(a, $0, x1, self):\n    pass\n", "def f(a=1, path$0\n")


@given(text=source_text(), cuts=cut_points(), cursor=st.sampled_from(CURSORS))
def test_laws(text: bytes, cuts: list[int], cursor: str) -> None:
    """The laws of all monitors."""
    request = site(cursor)
    check_laws(Parameters(request), request.start, request.typed + text, cuts)
