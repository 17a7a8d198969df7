"""What is settled while a middle is written is its beginning when it is finished, whatever comes."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import pytest

from analysis.facts import FactSource, NoFacts
from decoding.drafters.copyspec import CopySpec
from decoding.run import Run
from decoding.settled import Settled
from decoding.types import Inspector, Lenient
from tests.decoding.test_identity import ArrivingFacts, FinalFacts, Moody, watchers, write
from tests.decoding.test_inspection import Dislikes
from tests.decoding.test_inspection import write as write_wishes


@dataclass
class Listener:
    """Keeps what was settled, each time it grew.

    Attributes:
        late: As for ``Settled``.
        told: The settled beginnings.
        before_end: How many tokens there were then.
    """

    late: bool = True
    told: list[bytes] = field(default_factory=list)
    before_end: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin to follow."""
        self._settled = Settled(self.late)

    def __call__(self, run: Run) -> None:
        """Look at a run."""
        if self._settled.grows(run):
            self.told.append(run.text[: self._settled.length])
            self.before_end.append(len(run.emitted))

    def holds(self, run: Run) -> bool:
        """Whether each beginning is longer than the one before, and the finished middle begins with all."""
        texts = (b"", *self.told, run.text[: run.keep])
        pairs = list(zip(texts, texts[1:], strict=False))
        return all(later.startswith(earlier) for earlier, later in pairs) and all(
            len(earlier) < len(later) for earlier, later in pairs[:-1]
        )


INSPECTORS: dict[str, type[Inspector]] = {"lenient": Lenient, "moody": Moody}


@pytest.mark.parametrize("inspector", INSPECTORS)
@pytest.mark.parametrize("temperature", [0.0, 0.8])
def test_whatever_the_order_of_facts(temperature: float, inspector: str) -> None:
    """Facts that come late change nothing that was settled; lines that do not stand, and trimmed ends, neither."""
    told = changed = 0
    for seed in range(20):
        for shuffle in range(2):
            delays = [random.Random(f"{seed} {shuffle}").randrange(0, 9) for _ in range(5)]
            listener = Listener()
            run = write(
                seed,
                [CopySpec()],
                ArrivingFacts(delays),
                watchers(),
                temperature,
                INSPECTORS[inspector](),
                heed=listener,
            )
            assert listener.holds(run), (seed, shuffle)
            told += len(listener.told)
            changed += bool(listener.told) and run.recorder.late_changes + run.recorder.backtracks > 0
    assert told > 20
    assert changed > 5, "some must have been changed behind what was settled for the test to mean anything"


def test_whenever_it_is_cancelled() -> None:
    """What a cancelled middle is trimmed to begins with what was settled."""
    told = 0
    for seed in range(30):
        listener = Listener()

        def cancelled(listener: Listener = listener, seed: int = seed) -> bool:
            return len(listener.told) > seed % 3

        run = write(seed, (), FinalFacts([0]), watchers(), 0.8, Moody(), heed=listener, cancelled=cancelled)
        assert listener.holds(run)
        told += bool(listener.told) and run.finish == "cancelled"
    assert told > 5


@pytest.mark.parametrize("late", [True, False])
def test_a_fact_that_never_comes_holds_what_is_behind_its_site(late: bool) -> None:
    """Unless none can come: then only the lines count."""
    facts: FactSource = ArrivingFacts([10**6]) if late else NoFacts()
    told = 0
    for seed in range(20):
        listener = Listener(late)
        run = write(seed, (), facts, watchers(), 0.8, heed=listener)
        assert listener.holds(run)
        open_sites = [place for place, token in enumerate(run.emitted) if token.missing]
        if late and open_sites and listener.told:
            assert len(listener.told[-1]) <= len(run.text_before(open_sites[0]))
        told += len(listener.told)
    assert told > 5 if late else told > 15


def test_a_line_is_settled_when_it_has_ended_and_not_before() -> None:
    """The unit is the line; one that is written again is settled as it stands then."""
    listener = Listener()
    wanted = [[b"c"], [b"\n"], [b"a"], [b"("], [b"x", b"b"], [b")"], [b"\n"], [b"c"], [b"a"], [b""]]
    run = write_wishes(wanted, Dislikes((b"x",)), listener)
    assert listener.told == [b"c", b"c\na(b)"]
    assert listener.before_end == [2, 7]
    assert run.text[: run.keep] == b"c\na(b)\nca"


def test_no_line_is_settled_that_may_not_be_the_end() -> None:
    """A header stays open until its body is there: what came to no end would be trimmed back before it."""
    listener = Listener()
    run = write_wishes([[b"c"], [b"\n"], [b"x"], [b"\n "], [b"a"], [b"\n"], [b"b"], [b""]], Headers(()), listener)
    assert listener.told == [b"c", b"c\nx\n a"]
    assert run.text[: run.keep] == b"c\nx\n a\nb"


class Headers(Dislikes):
    """Takes a line that ends with x for a header: nothing may end there."""

    def line_stands(self, middle: bytes) -> bool:
        """Let all lines stand."""
        return True

    def end_stands(self, middle: bytes, end: object) -> bool:
        """Look at the last byte."""
        return not middle.rstrip().endswith(b"x")
