"""What came to no end is closed, and nothing else is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.facts import FactView
from analysis.python.scanner import START
from monitors.base import FORBIDDEN, Lexed
from monitors.closing import Closing
from tests.monitors.laws import NO_FACTS, check_forbidden, check_pieces, cut_points, source_text

ENDINGS = (b"", b")", b'"""])', b"):")


@pytest.mark.parametrize(
    ("closers", "written", "forbidden"),
    [
        (b"])", b"]", False),
        (b"])", b"])\n\nx", False),
        (b"])", b")", True),
        (b"])", b"] )", True),
        (b"])", b"]) ", True),
        (b"):", b")\n", True),
        (b"", b"\r\n", False),
        (b"", b"x", True),
        (b"(", b"(\n", True),
        (b"(a)", b"(a)\n", False),
    ],
)
def test_what_may_be_written(closers: bytes, written: bytes, forbidden: bool) -> None:
    """The closing bytes in their order, then a line end that ends the statement; behind it anything."""
    monitor = Closing(closers)
    assert (monitor.step(monitor.start(), Lexed.of(START, written), FactView())[0] == FORBIDDEN) is forbidden


@pytest.mark.parametrize(("written", "may_end"), [(b"]", False), (b"])", True), (b"])\n", True)])
def test_the_end_waits_for_all_of_it(written: bytes, may_end: bool) -> None:
    """The suffix may follow once everything is closed."""
    monitor, text = Closing(b"])"), Lexed.of(START, written)
    state = monitor.step(monitor.start(), text, FactView())[1]
    suffix = Lexed.of(text.after[-1], b"\n", is_suffix=True)
    assert (monitor.step(state, suffix, FactView())[0] == 0) is may_end


@given(text=source_text(), cuts=cut_points(), closers=st.sampled_from(ENDINGS))
def test_laws(text: bytes, cuts: list[int], closers: bytes) -> None:
    """The laws of monitors, but for the one about facts."""
    for written in (text, closers + b"\n" + text):
        if written:
            check_pieces(Closing(closers), START, written, cuts, NO_FACTS)
            check_forbidden(Closing(closers), START, written, NO_FACTS)
