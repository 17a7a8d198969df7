from __future__ import annotations

from dataclasses import replace

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
        ("x = (\n$0\n)\n", "    # a\n    # b\n    1,  # c\n    # d\n    2  # e\n"),
        ("x = $0\n", "('a\\\n#', '''b\n#''')\n"),
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
        ("x = (\n$0\n)\n", "    f(1)\n\n    # a", 14),
        ("from a import $0\n", "(\n    b\n    # c", 12),
    ],
)
def test_forbidden(text: str, new: str, offset: int) -> None:
    """White space deeper than code may stand, left on blank lines, or less than a block's; comments behind operands."""
    assert first_forbidden(text, new) == offset


def in_one_line(text: str, new: str) -> int | None:
    """Return the same where one line is wanted."""
    request = replace(site(text), multiline=False)
    offset = refused(Margins(request), Case(request, request.typed + new.encode()))
    return None if offset is None else offset - len(request.typed)


BODY = "def f(a):\n    for b in a:\n"


@pytest.mark.parametrize(
    ("text", "new", "offset"),
    [
        # The suffix says where the line stands.
        (BODY + "$0\n            c\n", "        if b:", None),
        (BODY + "$0\n            c\n", "            d", 8),
        # A block would have no room; a word that only begins like a header's has.
        (BODY + "        c\n$0\n        d\n", "        if", 9),
        (BODY + "        c\n$0\n        d\n", "        iffy = 1", 9),
        (BODY + "        iffy = c\n$0\n        d\n", "        iffy = 1", None),
        (BODY + "        iffy = c\n$0\n        d\n", "        if b", 10),
        (BODY + "        'iffy'\n$0\n        d\n", "        iffy = 1", 9),
        (BODY + "        c\n$0\n        d\n", "        match = 1", None),
        # What stands behind it would not be reached.
        (BODY + "        c\n$0\n        d\n", "        return", 13),
        (BODY + "        c\n$0\n    d\n", "        return c", None),
        (BODY + "        if b:\n            c\n$0\n        else:\n            d\n", "            break", None),
        # A line that says nothing.
        (BODY + "        c\n$0\n        d\n", "        # c", 8),
        (BODY + "        c\n$0\n        d\n", "        'c'", 8),
        ("def f(a):\n$0\n    d\n", "    'c'", None),
        ("class A(\n    B,\n):\n$0\n    d\n", "    'c'", None),
        ("$0\nimport a\n", "'c'", None),
        ("# b\n$0\nimport a\n", "'c'", None),
        ("if a:\n$0\n    d\n", "    'c'", 4),
    ],
)
def test_one_line(text: str, new: str, offset: int | None) -> None:
    """The first byte that is forbidden where one line is wanted."""
    assert in_one_line(text, new) == offset


@pytest.mark.parametrize(
    ("text", "new", "offset"),
    [
        (BODY + "        return c\n$0\n", "        d", 4),
        (BODY + "        return c\n$0\n", "    d", None),
        (BODY + "        return c\n$0\n        d\n", "        e", None),
        (BODY + "        if c: return\n$0\n", "        d", None),
        ("return c\n$0\n", "d", None),
    ],
)
def test_behind_return(text: str, new: str, offset: int | None) -> None:
    """Nothing of its block is reached, unless there is no other or it goes on all the same."""
    assert first_forbidden(text, new) == offset


CURSORS = ("def f():\n    $0\n", "if a:\n$0\n    c\n", "class A:\n\t$0\n", "x = f(a$0)\n", BODY + "$0\n        c\n")


@given(text=source_text(), cuts=cut_points(), cursor=st.sampled_from(CURSORS), multiline=st.booleans())
def test_laws(text: bytes, cuts: list[int], cursor: str, multiline: bool) -> None:
    """The laws of monitors, but for the one about facts: this policy needs none."""
    request = replace(site(cursor), multiline=multiline)
    written = request.typed + text
    if written:
        check_pieces(Margins(request), request.start, written, cuts, NO_FACTS)
        check_forbidden(Margins(request), request.start, written, NO_FACTS)
