from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.facts import FactView
from monitors.base import FORBIDDEN, Lexed
from monitors.heal import Heal
from tests.monitors.laws import check_laws, cut_points, source_text
from tests.monitors.sites import site

VIEW = FactView()
SITE = site("x = 1\nself.pa$0\n", healed=2)


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        (b"s", True),
        (b"self.p", True),
        (b"self.pa", True),
        (b"self.path", True),
        (b"self.pa\n", True),
        (b"self.po", False),
        (b"x", False),
        (b"self.a", False),
    ],
)
def test_typed_bytes_come_first(text: bytes, allowed: bool) -> None:
    """A text is allowed if it begins, or is begun by, what the user typed."""
    monitor = Heal(SITE)
    assert (monitor.step(monitor.start(), Lexed.of(SITE.start, text), VIEW)[0] == 0) is allowed


@pytest.mark.parametrize(("written", "left"), [(b"", b"self.pa"), (b"self.", b"pa"), (b"self.pa", b""), (b"so", None)])
def test_what_is_left(written: bytes, left: bytes | None) -> None:
    """The rest of the typed part is the one continuation, and the middle may end only behind it."""
    monitor = Heal(SITE)
    state = monitor.start()
    if written:
        state = monitor.step(state, Lexed.of(SITE.start, written), VIEW)[1]
    continuations = monitor.continuations(state)
    assert state == left
    assert (continuations.texts if continuations else None) == ((left,) if left else None)
    ending = Lexed.of(SITE.start, b"\n", is_suffix=True)
    assert monitor.step(state, ending, VIEW)[0] == (0 if left == b"" else FORBIDDEN)


def test_asks_nothing() -> None:
    """The monitor needs no facts and judges no names."""
    monitor = Heal(SITE)
    assert (monitor.needs(b"", SITE.start), monitor.missing(b""), monitor.checks(b"")) == ((), (), ())


@given(text=source_text(), kept=st.integers(0, 7), cuts=cut_points())
def test_laws(text: bytes, kept: int, cuts: list[int]) -> None:
    """The laws of monitors hold, for texts that begin like the typed part and others."""
    check_laws(Heal(SITE), SITE.start, SITE.typed[:kept] + text, cuts)
