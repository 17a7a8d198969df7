"""The middle is UTF-8, whatever tokens it is cut into."""

import pytest

from analysis.facts import BaseDocument, FactView
from analysis.python.scanner import START
from monitors.base import FORBIDDEN, Lexed, Site
from monitors.utf8 import Utf8

SITE = Site(BaseDocument("/p/a.py", "/p", "", ""), START, b"", b"", b"", b"\n")
VIEW = FactView()


def text(data: bytes, is_suffix: bool = False) -> Lexed:
    """Return bytes with their lexical states."""
    return Lexed.of(START, data, is_suffix)


@pytest.mark.parametrize("character", ["a", "é", "ꏊ", "\ud7ff", "\ue000", "\U0001f600", "\U0010ffff"])
def test_characters_may_be_written_byte_by_byte(character: str) -> None:
    """Every prefix of a character may stand, and only the whole one may end."""
    monitor = Utf8(SITE)
    state = monitor.start()
    for byte in character.encode():
        penalty, state = monitor.step(state, text(bytes((byte,))), VIEW)
        assert penalty == 0
        assert (monitor.step(state, text(b"\n", True), VIEW)[0] == 0) == (state == b"")
    assert state == b""


@pytest.mark.parametrize("beginning", [bytes((a,)) for a in range(256)] + [bytes((0xED, 0x9F)), b"\xf4\x8f\xbf"])
def test_what_is_allowed_can_be_finished(beginning: bytes) -> None:
    """A state that is not forbidden has a byte that may follow: no dead ends."""
    monitor = Utf8(SITE)
    penalty, state = monitor.step(monitor.start(), text(beginning), VIEW)
    frontier = [state] if penalty == 0 else []
    seen: set[bytes] = set()
    while frontier:
        state = frontier.pop()
        assert state is not None
        seen.add(state)
        legal = [b for b in range(256) if monitor.step(state, text(bytes((b,))), VIEW)[0] == 0]
        assert legal, state
        ends = (legal[0], legal[-1])
        after = {monitor.step(state, text(bytes((b,))), VIEW)[1] for b in ends}
        frontier += [s for s in after if s is not None and s not in seen]


@pytest.mark.parametrize("wrong", [b"\x80", b"\xff", b"\xc0\x80", b"\xe0\x80", b"\xed\xa0", b"\xf4\x90", b"\xc3a"])
def test_what_is_no_text_is_forbidden(wrong: bytes) -> None:
    """Stray continuations, overlong forms, surrogates, and what lies beyond Unicode."""
    assert Utf8(SITE).step(b"", text(wrong), VIEW)[0] == FORBIDDEN
