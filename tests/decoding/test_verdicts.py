"""Judgements of whole tokens: indentation comes in the pieces that a tokenizer makes."""

from __future__ import annotations

import pytest

from analysis.facts import FactView
from analysis.python.scanner import START
from decoding.verdicts import STRAY, Verdicts
from decoding.watch import CLEAR, Watch
from models.vocabulary import Vocabulary
from monitors.base import FORBIDDEN
from monitors.indentation import Indentation
from monitors.margins import Margins
from tests.decoding.toys import Longest, Patterns
from tests.monitors.sites import site

TABLE = (None, None, b" " * 3, b" " * 4, b" " * 5, b" " * 7, b" " * 8, b" ", b" x", b"x", b"\n")
VIEW = FactView()


@pytest.mark.parametrize(
    ("document", "stray"),
    [
        ("def f():\n    if a:\n$0\n    return 1\n", {3, 4, 5}),
        ("def f():\n    if a:\n        b\n$0\n    return 1\n", {5}),
        ("x = $0\n", set()),
    ],
)
def test_indentation_ends_where_code_may_stand_or_one_blank_before(document: str, stray: set[int]) -> None:
    """Most tokenizers join the last blank to the word; a token that leaves more to come is nearly forbidden."""
    request = site(document)
    watch = Watch.start((Indentation(request), Margins(request)), request.start).advance(request.typed, VIEW)
    verdicts = Verdicts(Vocabulary(TABLE, Longest(), {"<end>": 0, "<pad>": 1}), (frozenset({0}), b"\n"), watch, VIEW)
    blank = {i: data for i, data in enumerate(TABLE) if data and len(data) > 2}
    assert {len(data) for i, data in blank.items() if verdicts.of(i) == STRAY} == stray
    assert verdicts.of(TABLE.index(b" " * 7)) == CLEAR


@pytest.mark.parametrize("size", range(1, 9))
def test_the_shortest_forbidden_beginning_is_what_is_remembered(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever begins with it is forbidden unasked; what only begins like it is asked about."""
    long = b"abcdefgh"
    table = (None, None, long, long[:size] + b"!", long[: size - 1] + b"!")
    vocabulary = Vocabulary(table, Longest(), {"<end>": 0, "<pad>": 1})
    watch = Watch.start((Patterns(((long[:size], FORBIDDEN),)),), START)
    verdicts = Verdicts(vocabulary, (frozenset({0}), b"\n"), watch, VIEW)
    assert verdicts.of(2).penalty == FORBIDDEN
    asked: list[bytes] = []
    judge = Watch.judge
    monkeypatch.setattr(Watch, "judge", lambda self, data, view: asked.append(data) or judge(self, data, view))
    assert verdicts.of(3).penalty == FORBIDDEN
    assert not asked
    assert verdicts.of(4) == CLEAR
    assert asked == [table[4]]


def test_a_first_byte_is_clear_where_something_that_begins_with_it_costs_nothing() -> None:
    """What is longer costs no less, so nobody has to be asked."""
    watch = Watch.start((Patterns(((b" x", -1.0), (b"\n", FORBIDDEN))),), START)
    verdicts = Verdicts(Vocabulary(TABLE, Longest(), {"<end>": 0, "<pad>": 1}), (frozenset({0}), b"\n"), watch, VIEW)
    for token, byte, clear in ((b" x", b" ", False), (b"   ", b" ", True), (b"\n", b"\n", False), (b"x", b"x", True)):
        verdicts.of(TABLE.index(token))
        assert verdicts.is_clear(byte[0]) is clear
