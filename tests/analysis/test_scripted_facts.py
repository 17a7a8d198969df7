"""The test double whose facts arrive when a script says so."""

from __future__ import annotations

from analysis.facts import Fact, FactKey
from analysis.testing import ScriptedFacts

EARLY, LATE = (Fact(FactKey("attributes", "d", receiver), frozenset({"x"}), "module", "") for receiver in "ab")


def test_facts_arrive_at_their_view() -> None:
    """A fact is visible from its call of ``view`` on, and settling does not wait for it."""
    source = ScriptedFacts([EARLY, LATE], {LATE.key: 3})
    assert set(source.view().facts) == {EARLY.key}
    assert not source.settle([LATE.key])
    assert set(source.view().facts) == {EARLY.key}
    assert source.view().version == 2
    assert source.asked == [LATE.key]


def test_a_patient_source_waits() -> None:
    """Settling a patient source makes the asked facts, and only those, visible at once."""
    source = ScriptedFacts([EARLY, LATE], {EARLY.key: 9, LATE.key: 9}, patient=True)
    assert source.view().facts == {}
    assert source.settle([LATE.key])
    assert set(source.view().facts) == {LATE.key}
    assert not source.settle([LATE.key])
