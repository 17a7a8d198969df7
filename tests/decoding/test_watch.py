"""The monitors' states at one point, as one value."""

from __future__ import annotations

from dataclasses import dataclass, field

from analysis.facts import FactView
from analysis.python.scanner import START, Scan
from decoding.watch import Watch
from monitors.base import FORBIDDEN, Lexed, Selective, bits
from tests.decoding.toys import Patterns

VIEW = FactView()


@dataclass(frozen=True)
class Counted(Patterns):
    """A toy monitor that notes what it is asked about."""

    asked: list[bytes] = field(default_factory=list, compare=False)

    def step(self, state: bytes, text: Lexed, view: FactView) -> tuple[float, bytes]:
        """Note the text."""
        self.asked.append(text.data)
        return super().step(state, text, view)


def test_what_was_judged_is_not_walked_again() -> None:
    """The states behind a judged text are there; with other facts, or another text, they are looked for."""
    monitor = Counted(((b"b", -1.0),))
    watch = Watch.start((monitor,), START)
    assert watch.judge(b"ab", VIEW).penalty == -1.0
    after = watch.advance(b"ab", VIEW)
    assert monitor.asked == [b"ab"]
    assert after == Watch.start((monitor,), START).advance(b"ab", VIEW)
    assert watch.advance(b"ab", FactView()) == after
    assert watch.advance(b"a", VIEW).states == (b"a",)
    assert monitor.asked == [b"ab", b"ab", b"ab", b"a"]


def test_an_end_is_judged_by_the_first_byte_behind_it_where_that_may_not_follow() -> None:
    """Nothing more of the suffix is looked at then, and nothing a second time; with other facts it is."""
    monitor = Counted(((b"c", -1.0),), may_end=False)
    watch = Watch.start((monitor,), START).advance(b"ab", VIEW)
    assert [watch.judge_end(b"cd", VIEW).penalty for _ in range(2)] == [FORBIDDEN, FORBIDDEN]
    assert watch.judge_end(b"cd", FactView()).penalty == FORBIDDEN
    assert monitor.asked == [b"ab", b"c", b"c"]
    monitor = Counted((), may_end=True)
    watch = Watch.start((monitor,), START)
    assert watch.judge_end(b"cd", VIEW).penalty == watch.judge_end(b"cd", VIEW).penalty == 0
    assert monitor.asked == [b"c", b"cd"]


def test_objectors() -> None:
    """All who object are named, and the strongest of them; one who forbids ends the round."""
    mild, strong = (Patterns(((b"a", price),), name=name) for price, name in ((-1.0, "mild"), (-2.0, "strong")))
    forbidding, unasked = Patterns(((b"b", FORBIDDEN),), name="never"), Counted(())
    watch = Watch.start((mild, strong, forbidding, unasked), START)
    judgement = watch.judge(b"a", VIEW)
    assert (judgement.penalty, judgement.monitor, judgement.objectors) == (-3.0, "strong", ("mild", "strong"))
    assert watch.judge(b"b", VIEW).objectors == ("never",)
    assert unasked.asked == [b"a"]


@dataclass(frozen=True)
class Choosy(Counted, Selective):
    """The same, that hears one byte alone, and notes when it is asked which."""

    heard: bytes = b"b"
    questions: list[bytes] = field(default_factory=list, compare=False)

    def step(self, state: bytes, text: Lexed, view: FactView) -> tuple[float, bytes]:
        """Leave the state as it is where nothing was heard."""
        penalty, after = super().step(state, text, view)
        return penalty, after if any(byte in self.heard for byte in text.data) else state

    def hears(self, state: bytes, scan: Scan) -> int:
        """Return the byte."""
        self.questions.append(state)
        return bits(self.heard)


def test_who_hears_nothing_is_not_asked() -> None:
    """Neither what a text costs nor, until something is heard, what concerns it; the suffix concerns everybody."""
    monitor, other = Choosy(((b"b", -1.0),)), Counted(())
    watch = Watch.start((monitor, other), START)
    for text in (b"a", b"ac"):
        assert watch.judge(text, VIEW).penalty == 0
        watch = watch.advance(text, VIEW)
    assert (monitor.asked, other.asked) == ([], [b"a", b"ac"])
    assert monitor.questions == [b""]
    assert watch.judge(b"ab", VIEW).penalty == -1.0
    watch = watch.advance(b"ab", VIEW)
    watch.judge(b"c", VIEW)
    assert monitor.asked == [b"ab"]
    assert monitor.questions == [b"", b"ab"]
    watch.judge_end(b"c", VIEW)
    assert monitor.asked == [b"ab", b"c"]
