"""A traced source passes everything on, and knows when each question was asked and answered."""

from __future__ import annotations

import itertools

from analysis.fact_trace import Asked, TracedFacts
from analysis.facts import Fact, FactKey
from analysis.testing import ScriptedFacts


def key(receiver: str) -> FactKey:
    """Return the question about a receiver."""
    return FactKey("attributes", "0" * 16, receiver)


def fact(receiver: str) -> Fact:
    """Return an answer."""
    return Fact(key(receiver), frozenset({"path"}), "module", "Python 3.11")


def traced(arrivals: dict[str, int], patient: bool = False) -> tuple[TracedFacts, ScriptedFacts]:
    """Return a source whose facts arrive at the given looks, with a clock that ticks at each question and arrival."""
    script = ScriptedFacts(map(fact, arrivals), {key(name): at for name, at in arrivals.items()}, patient)
    return TracedFacts(script, clock=itertools.count(1.0).__next__), script


def test_a_question_that_is_answered_later() -> None:
    """It is asked at one moment, and seen at the look that first finds it."""
    source, script = traced({"os": 2})
    assert source.view().facts == {}
    source.ask([key("os")])
    assert source.asked == (Asked(key("os"), 1.0),)
    assert source.view().get(key("os")) == fact("os")
    source.ask([key("os")])
    assert source.asked == (Asked(key("os"), 1.0, 2.0, fact("os")),)
    assert script.asked == [key("os"), key("os")]


def test_what_is_known_already() -> None:
    """It is marked as cached, and takes no time."""
    source, _ = traced({"os": 1})
    source.view()
    source.ask([key("os")])
    assert source.asked == (Asked(key("os"), 1.0, 1.0, fact("os"), cached=True),)


def test_a_name_that_did_not_get_its_fact_in_time() -> None:
    """It is late once it was waited for in vain, and stays so when the fact comes after all."""
    source, _ = traced({"os": 2})
    source.view()
    assert source.settle([key("os")]) is False
    assert [(asked.needed, asked.late, asked.seen) for asked in source.asked] == [(True, True, None)]
    source.view()
    assert [(asked.needed, asked.late, asked.fact) for asked in source.asked] == [(True, True, fact("os"))]


def test_a_name_that_waits_for_its_fact() -> None:
    """It is not late."""
    source, _ = traced({"os": 9}, patient=True)
    source.view()
    assert source.settle([key("os")]) is True
    source.view()
    assert [(asked.needed, asked.late, asked.fact) for asked in source.asked] == [(True, False, fact("os"))]


def test_counters_are_those_of_the_source() -> None:
    """Nothing is counted twice."""
    source, _ = traced({"os": 1})
    source.ask([key("os"), key("sys")])
    assert source.counters() == {"asked": 2}
