"""What lasts of the lines written so far begins what the filters leave of the finished text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from completion.filters import FILTERS, lasting, shorten
from completion.layout import Layout, lay_out
from completion.types import CompletionRequest, Document

# Few lines, so that they repeat each other, the lines above and those behind the cursor.
LINES = st.sampled_from(("a = 1", "b(2)", "    a = 1", "c)", ")", "", "    ", "f(b(2)", "x"))
TEXT = st.lists(LINES, max_size=7).map("\n".join)
REST = st.sampled_from(("", ")", "))", "a = 1", "  "))
NAMES = st.sets(st.sampled_from(sorted(FILTERS))) | st.just(set(FILTERS))


def layout_of(above: str, typed: str, rest: str, behind: str) -> Layout:
    """Return the surroundings of a cursor behind ``typed``."""
    before = f"{above}\n{typed}"
    return lay_out(CompletionRequest(Document("/p/a.py", f"{before}{rest}\n{behind}"), len(before), "/p"))


@given(
    above=TEXT,
    typed=st.sampled_from(("", "    ", "f(", "a")),
    rest=REST,
    behind=TEXT,
    whole=TEXT,
    blanks=st.sampled_from(("", " ")),
    more=TEXT,
    names=NAMES,
)
def test_no_lines_that_follow_take_back_what_lasts(
    above: str, typed: str, rest: str, behind: str, whole: str, blanks: str, more: str, names: set[str]
) -> None:
    """Whether the text ends there or goes on with other lines."""
    layout, whole, chosen = layout_of(above, typed, rest, behind), whole.rstrip(), frozenset(names)
    sure = lasting(whole, layout, chosen)
    assert whole.startswith(sure)
    assert shorten(whole, layout, chosen).text.startswith(sure)
    assert shorten(f"{whole}{blanks}\n{more}", layout, chosen).text.startswith(sure)


@pytest.mark.parametrize(
    ("whole", "behind", "sure"),
    [
        ("a = 1\nb = 2", "", "a = 1\nb = 2"),
        ("a = 1\nc = 3", "", "a = 1\nc = 3"),
        ("a = 1\nc = 3\na = 1", "", "a = 1\nc = 3"),
        ("above = 0", "", ""),
        ("a = 1\nd = 4", "d = 4\n", "a = 1"),
        ("a = 1\nd = 4", "e = 5\nd = 4\n", "a = 1\nd = 4"),
    ],
)
def test_what_waits(whole: str, behind: str, sure: str) -> None:
    """A line that may be cut as a repetition, of what is before it or of what is behind the cursor."""
    assert lasting(whole, layout_of("above = 0", "", "", behind)) == sure
