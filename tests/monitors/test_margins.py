from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors.margins import Margins
from tests.monitors.laws import NO_FACTS, check_forbidden, check_pieces, cut_points, source_text
from tests.monitors.replay import Case, refused
from tests.monitors.sites import site


def first_forbidden(text: str, new: str) -> int | None:
    request = site(text)
    offset = refused(Margins(request), Case(request, request.typed + new.encode()))
    return None if offset is None else offset - len(request.typed)


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("def f():\n    $0\n", "a\n\n    b"),
        ("def f():\n    $0\n", "\n    b"),
        ("def f():\n    $0\n", "a\n    # note\n# note\n    b"),
        ("def f():\n    $0\n", "if a:\n        b"),
        ("if a:\n$0\n", "  b"),
        ("if a:\n$0\n", "    b"),
        ("if a:\n$0\n", "\tb"),
        ("if a:\n$0\n   c\n", "   b"),
        ("def f():\n      $0\n", "a\n      b"),
        ("x = (\n$0\n)\n", "         1\n   "),
    ],
)
def test_allowed(text: str, new: str) -> None:
    """White space that code follows, blank lines without any, and what is free of margins."""
    assert first_forbidden(text, new) is None


@pytest.mark.parametrize(
    ("text", "new", "offset"),
    [
        ("def f():\n    a\n$0\n", "     b", 4),
        ("def f():\n    $0\n", "a\n    \n", 6),
        ("def f():\n    $0\n", "a\n  # b", 4),
        ("def f():\n    $0\n", "if a:\n         b", 14),
        ("def f():\n    $0\n", "if a:\n      b", 12),
        ("if a:\n$0\n   c\n", "    b", 3),
        ("def f():\n    if a:\n$0\n", "     # b", 5),
    ],
)
def test_forbidden(text: str, new: str, offset: int) -> None:
    """White space deeper than code may stand, left on blank lines, or less than a block's."""
    assert first_forbidden(text, new) == offset


CURSORS = ("def f():\n    $0\n", "if a:\n$0\n    c\n", "class A:\n\t$0\n", "x = f(a$0)\n")


@given(text=source_text(), cuts=cut_points(), cursor=st.sampled_from(CURSORS))
def test_laws(text: bytes, cuts: list[int], cursor: str) -> None:
    """The laws of monitors, but for the one about facts: this policy needs none."""
    request = site(cursor)
    written = request.typed + text
    if written:
        check_pieces(Margins(request), request.start, written, cuts, NO_FACTS)
        check_forbidden(Margins(request), request.start, written, NO_FACTS)
