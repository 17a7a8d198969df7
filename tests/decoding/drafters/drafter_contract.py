"""What every drafter promises; a test module of a drafter subclasses ``DrafterContract``.

Laws: a draft is never longer than the budget, holds no separator, names its drafter, and is the
same when asked twice; forgetting emitted tokens restores the answers given before them; a new
request starts afresh.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.facts import FactView
from analysis.python.scanner import START
from decoding.types import Draft, Drafter, Prompt, Tip
from decoding.watch import Panel, Watch
from monitors.base import Continuations

SEPARATORS = frozenset({0, 1})

tokens = st.lists(st.integers(0, 6), max_size=12).map(tuple)
budgets = st.integers(0, 5)

# One law runs for several drafters, so examples are kept under one name: they suit every drafter.
law = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.differing_executors])


@dataclass(frozen=True)
class Demanding:
    """A monitor after which one of some texts has to come; only what drafters ask is there."""

    texts: tuple[bytes, ...]

    def continuations(self, state: None) -> Continuations:
        """Return the texts."""
        return Continuations(self.texts)


def tip(emitted: Sequence[int] = (), text: bytes = b"", demands: Sequence[tuple[bytes, ...]] = ()) -> Tip:
    """Return a tip at which monitors demand one text of each set."""
    monitors = tuple(Demanding(tuple(texts)) for texts in demands)
    watch = Watch(Panel(monitors, {}, (), (), ()), START, (None,) * len(monitors))  # type: ignore[arg-type]
    return Tip(tuple(emitted), text, watch, FactView())


class DrafterContract:
    """Subclasses say how to make the drafter and what tips suit it."""

    def make(self) -> Drafter:
        """Return a fresh drafter."""
        raise NotImplementedError

    def tip(self, emitted: Sequence[int]) -> Tip:
        """Return a tip after these tokens."""
        return tip(emitted)

    def ask(self, drafter: Drafter, emitted: Sequence[int], budget: int) -> Draft:
        """Ask for a draft, twice, and check what holds for any."""
        draft = drafter.propose(self.tip(emitted), budget)
        assert drafter.propose(self.tip(emitted), budget) == draft
        assert len(draft.tokens) <= budget
        assert SEPARATORS.isdisjoint(draft.tokens)
        assert draft.source == (drafter.name if draft.tokens else "")
        return draft

    @given(prompt=tokens, emitted=tokens, budget=budgets)
    @law
    def test_drafts_keep_within_bounds(self, prompt: tuple[int, ...], emitted: tuple[int, ...], budget: int) -> None:
        """Whatever was written, a draft fits the budget, holds no separator and stays the same."""
        drafter = self.make()
        drafter.begin(Prompt(prompt, SEPARATORS))
        drafter.observe(emitted)
        self.ask(drafter, emitted, budget)

    @given(prompt=tokens, kept=tokens, dropped=tokens, after=tokens)
    @law
    def test_rewinding_restores(
        self, prompt: tuple[int, ...], kept: tuple[int, ...], dropped: tuple[int, ...], after: tuple[int, ...]
    ) -> None:
        """Tokens that were taken back leave no trace in any later draft."""
        drafter, fresh = self.make(), self.make()
        for one in (drafter, fresh):
            one.begin(Prompt(prompt, SEPARATORS))
            one.observe(kept)
        drafter.observe(dropped)
        drafter.rewind(len(dropped))
        assert self.ask(drafter, kept, 5) == self.ask(fresh, kept, 5)
        drafter.observe(after)
        fresh.observe(after)
        assert self.ask(drafter, kept + after, 5) == self.ask(fresh, kept + after, 5)

    @given(first=tokens, second=tokens)
    @law
    def test_requests_share_nothing(self, first: tuple[int, ...], second: tuple[int, ...]) -> None:
        """A drafter that begins again drafts as a new one does."""
        used, fresh = self.make(), self.make()
        used.begin(Prompt(first, SEPARATORS))
        used.observe(second)
        for one in (used, fresh):
            one.begin(Prompt(second, SEPARATORS))
        assert self.ask(used, (), 5) == self.ask(fresh, (), 5)

    @pytest.mark.parametrize("prompt", [(), (2,), (0,), (0, 1, 0, 1)])
    def test_nearly_nothing_to_go_by(self, prompt: tuple[int, ...]) -> None:
        """Empty, tiny and separators-only prompts are no error."""
        drafter = self.make()
        drafter.begin(Prompt(prompt, SEPARATORS))
        for budget in (0, 1, 5):
            self.ask(drafter, (), budget)
