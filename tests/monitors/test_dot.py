"""Behind the dot of an attribute its name comes at once."""

import pytest

from analysis.facts import BaseDocument, FactView
from analysis.python.scanner import START
from monitors.base import FORBIDDEN, Lexed, Site
from monitors.dot import Dot

VIEW = FactView()


@pytest.mark.parametrize(
    ("text", "typed", "forbidden"),
    [
        (b"x.y", b"", False),
        (b"x. y", b"", True),
        (b"x.\n", b"", True),
        (b"(x.\n y)", b"", True),
        (b"x.  # why", b"", True),
        (b"x.\\\ny", b"", True),
        (b"1. ", b"", False),
        (b"... ", b"", False),
        (b"'x. y'", b"", False),
        (b"# x. y", b"", False),
        (b"from . import a", b"", False),
        (b"x. y", b"x. ", False),
        (b"x. y", b"x.", True),
    ],
)
def test_dot(text: bytes, typed: bytes, forbidden: bool) -> None:
    """Numbers, ellipses, strings, comments, imports and the typed part are left alone; so is any split."""
    monitor = Dot(Site(BaseDocument("/p/a.py", "/p", "", ""), START, typed, b"", b"", b"\n"))
    for cut in range(len(text)):
        state, scan, total = monitor.start(), START, 0.0
        for part in (text[:cut], text[cut:]):
            if part:
                lexed = Lexed.of(scan, part)
                penalty, state = monitor.step(state, lexed, VIEW)
                total, scan = total + penalty, lexed.after[-1]
        assert (total == FORBIDDEN) == forbidden
