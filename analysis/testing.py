"""Doubles for tests: facts whose arrival is scripted.  Not covered by any promise of stability."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from analysis.facts import BaseDocument, Fact, FactKey, FactView
from analysis.store import Deliver


class ScriptedFacts:
    """A fact source in which each fact becomes visible at a given call of ``view``.

    Attributes:
        views: Calls of ``view`` so far.
        asked: Every question asked, in order, repeated ones too.
    """

    def __init__(self, facts: Iterable[Fact], arrivals: Mapping[FactKey, int] | None = None, patient: bool = False):
        """Script the arrivals.

        Args:
            facts: The answers.
            arrivals: The call of ``view``, counted from 1, at which an answer is first there; 1 if not given.
            patient: Whether ``settle`` waits, that is, makes the answers visible, as fact mode ``wait`` does.
        """
        self._facts = {fact.key: fact for fact in facts}
        self._arrivals = {key: 1 for key in self._facts} | dict(arrivals or {})
        self._patient = patient
        self._seen: frozenset[FactKey] = frozenset()
        self.views = 0
        self.asked: list[FactKey] = []

    def view(self) -> FactView:
        """Return the facts that have arrived."""
        self.views += 1
        visible = {key: fact for key, fact in self._facts.items() if self._arrivals[key] <= self.views}
        self._seen = frozenset(visible)
        return FactView(MappingProxyType(visible), len(visible))

    def ask(self, keys: Iterable[FactKey]) -> None:
        """Note the questions."""
        self.asked.extend(keys)

    def settle(self, keys: Iterable[FactKey], at_cursor: bool = False) -> bool:
        """Let the answers arrive if this source is patient."""
        wanted = [key for key in keys if key in self._facts]
        self.ask(wanted)
        if self._patient:
            self._arrivals.update((key, min(self._arrivals[key], self.views)) for key in wanted)
        return any(self._arrivals[key] <= self.views and key not in self._seen for key in wanted)

    def counters(self) -> Mapping[str, int]:
        """Return how many different questions were asked."""
        return {"asked": len(set(self.asked))}


class HeldAnalyzer:
    """An analyzer that answers when it is told to.

    Attributes:
        held: Questions not answered yet, in the order in which they were submitted.
        closed: Whether ``close`` was called.
    """

    def __init__(self) -> None:
        """Hold nothing yet."""
        self.held: list[tuple[BaseDocument, FactKey, Deliver]] = []
        self.closed = False

    def submit(self, document: BaseDocument, key: FactKey, deliver: Deliver) -> None:
        """Hold a question."""
        self.held.append((document, key, deliver))

    def answer(self, *names: str, kind: str = "instance", origin: str = "this file") -> FactKey:
        """Answer the oldest question with these names, and return it."""
        _, key, deliver = self.held.pop(0)
        deliver(Fact(key, frozenset(names), kind, origin))
        return key

    def fail(self) -> FactKey:
        """Fail on the oldest question, and return it."""
        _, key, deliver = self.held.pop(0)
        deliver(None)
        return key

    def drop(self, document: str) -> None:
        """Fail on all questions about a document."""
        dropped = [deliver for _, key, deliver in self.held if key.document == document]
        self.held = [held for held in self.held if held[1].document != document]
        for deliver in dropped:
            deliver(None)

    def trouble(self, document: BaseDocument) -> str:
        """Have none."""
        return ""

    def troubles(self) -> tuple[str, ...]:
        """Have none."""
        return ()

    def close(self) -> None:
        """Fail on everything."""
        self.closed = True
        while self.held:
            self.fail()
