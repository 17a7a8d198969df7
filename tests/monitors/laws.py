"""The laws of monitors (docstring of ``monitors.base``), as checks that every monitor's tests call.

Usage::

    @given(text=source_text(), cuts=cut_points())
    def test_laws(text: bytes, cuts: list[int]) -> None:
        check_laws(MyMonitor(site), site.start, text, cuts)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from analysis.facts import FactView
from analysis.python.scanner import Scan
from monitors.base import FORBIDDEN, Kind, Lexed, Monitor, Selective, bits

NO_FACTS = FactView()

FRAGMENTS = (
    *(b"a self os path x1 def class if else for in return import from as lambda match case None".split()),
    *(b". , : ; = == := + ** ( ) [ ] { } ( ) ' \" ''' \"\"\" f' f\" rb' \\ # @ ! ->".split()),
    *(b"1 1. 1e5 0x_f 1j ... {{ }}".split()),
    *(b" ", b" ", b"  ", b"\t", b"\n", b"\n    ", b"\n", b"\r\n", b"\r", b"\f", b"\\\n"),
    *(word.encode() for word in ("é", "名前", "\ufeff", "😀")),
    *(b"self.path.join(", b"f'{a.b!r:>{w}}'", b"x = a.b(c)[0].d\n", b"# note\n", b"\xff", b"\xe2\x82"),
)


def source_text(most: int = 24) -> st.SearchStrategy[bytes]:
    """Return pieces of Python in any order, whole and broken UTF-8 included."""
    return st.lists(st.sampled_from(FRAGMENTS), max_size=most).map(b"".join)


def cut_points() -> st.SearchStrategy[list[int]]:
    """Return places at which to cut a text; those beyond its end are ignored."""
    return st.lists(st.integers(1, 60), max_size=6)


def pieces(text: bytes, cuts: Sequence[int]) -> list[bytes]:
    """Return ``text`` cut at the given places, inside tokens and characters too; no piece is empty."""
    places = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    return [text[start:end] for start, end in zip(places, places[1:], strict=False)]


def check_laws(monitor: Monitor[Any], scan: Scan, text: bytes, cuts: Sequence[int], view: FactView = NO_FACTS) -> None:
    """Check all laws for one text, written from the monitor's start on.

    Args:
        monitor: The monitor.
        scan: Lexical state where its request starts.
        text: What is written.
        cuts: Where the text is cut into pieces.
        view: Facts that are known all the time.
    """
    if not text:
        return
    check_pieces(monitor, scan, text, cuts, view)
    check_forbidden(monitor, scan, text, view)
    check_suffix(monitor, scan, text, view)
    check_hearing(monitor, scan, text, cuts, view)
    check_continuations(monitor, scan, text, view)
    if monitor.kind is not Kind.SOUND:
        check_missing(monitor, scan, text)


def check_pieces(monitor: Monitor[Any], scan: Scan, text: bytes, cuts: Sequence[int], view: FactView) -> None:
    """Penalties add up, and the state is the same, however the text is cut."""
    whole = Lexed.of(scan, text)
    state, at, total = monitor.start(), scan, 0.0
    for piece in pieces(text, cuts):
        part = Lexed.of(at, piece)
        penalty, state = monitor.step(state, part, view)
        total, at = total + penalty, part.after[-1]
    at_once, again = monitor.step(monitor.start(), whole, view)
    assert at_once <= 0
    assert at_once == total or math.isclose(at_once, total, rel_tol=1e-9), (at_once, total, pieces(text, cuts))
    assert state == again
    assert hash(state) == hash(again)


def check_forbidden(monitor: Monitor[Any], scan: Scan, text: bytes, view: FactView) -> None:
    """Once a beginning is forbidden, every longer text is; and what follows it stays forbidden."""
    dead = False
    state, at = monitor.start(), scan
    for size in range(1, len(text) + 1):
        forbidden = monitor.step(monitor.start(), Lexed.of(scan, text[:size]), view)[0] == FORBIDDEN
        assert forbidden or not dead, text[:size]
        dead = forbidden
        last = Lexed.of(at, text[size - 1 : size])
        state, at = monitor.step(state, last, view)[1], last.after[-1]
        assert not dead or monitor.step(state, Lexed.of(at, b"a"), view)[0] == FORBIDDEN, text[:size]


def check_suffix(monitor: Monitor[Any], scan: Scan, text: bytes, view: FactView) -> None:
    """Where a suffix may not begin with its first byte, all of it may not follow."""
    state, at, half = monitor.start(), scan, len(text) // 2
    if half:
        written = Lexed.of(scan, text[:half])
        state, at = monitor.step(state, written, view)[1], written.after[-1]
    first, whole = (Lexed.of(at, suffix, is_suffix=True) for suffix in (text[half : half + 1], text[half:]))
    if monitor.step(state, first, view)[0] == FORBIDDEN:
        assert monitor.step(state, whole, view)[0] == FORBIDDEN, (text[:half], text[half:])


def check_hearing(monitor: Monitor[Any], scan: Scan, text: bytes, cuts: Sequence[int], view: FactView) -> None:
    """What does not concern a selective monitor costs nothing and changes nothing, what it lacks included."""
    if not isinstance(monitor, Selective):
        return
    state, at = monitor.start(), scan
    for piece in pieces(text, cuts):
        part = Lexed.of(at, piece)
        state, at = monitor.step(state, part, view)[1], part.after[-1]
        concern = monitor.hears(state, at)
        unheard = bytes(byte for byte in text if not bits((byte,)) & concern)
        for said in (unheard, *(fragment for fragment in FRAGMENTS if not bits(fragment) & concern)):
            penalty, after = monitor.step(state, Lexed.of(at, said), view) if said else (0.0, state)
            assert (penalty, after) == (0.0, state), (text, said)
            assert monitor.missing(after) == monitor.missing(state), (text, said)


def check_continuations(monitor: Monitor[Any], scan: Scan, text: bytes, view: FactView) -> None:
    """What a monitor lists as continuations it does not forbid, and some of it costs nothing."""
    whole = Lexed.of(scan, text)
    penalty, state = monitor.step(monitor.start(), whole, view)
    if penalty == FORBIDDEN:
        return
    found = monitor.continuations(state)
    if found is None:
        return
    costs = [monitor.step(state, Lexed.of(whole.after[-1], c), view)[0] for c in found.texts if c]
    assert all(cost > FORBIDDEN for cost in costs), found.texts
    assert not costs or b"" in found.texts or max(costs) == 0, found.texts
    begun = {continuation[:1] for continuation in found.texts}
    others = (bytes((byte,)) for byte in sorted(found.priced))
    for other in others if found.price < 0 else ():
        if other not in begun and not (b"" in begun and other[0] not in found.inside):
            assert monitor.step(state, Lexed.of(whole.after[-1], other), view)[0] <= found.price, other


def check_missing(monitor: Monitor[Any], scan: Scan, text: bytes) -> None:
    """Without facts, a monitor that rests on facts objects to nothing."""
    assert monitor.step(monitor.start(), Lexed.of(scan, text), NO_FACTS)[0] == 0
