"""Definitions of the names that are used near the cursor, from the analysis."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from analysis.facts import Fact, FactKey
from analysis.languages import PYTHON
from analysis.store import FactStore
from completion.context.near import names_near
from completion.layout import Layout
from completion.privacy import no_context
from completion.types import CompletionRequest, Snippet, Trigger

KIND = "definitions"

# Answers of earlier texts that are kept, for as long as the newest one has none; and documents asked about.
ANSWERS = 2048
DOCUMENTS = 64


class Definitions:
    """Asks for definitions; a ``completion.context.gathering.Source``.

    The analysis has one answer at a time, and what a name at the cursor may be is worth more.  So nothing
    is asked while somebody waits: only ahead, and by those who have the time.
    """

    def __init__(self, facts: FactStore) -> None:
        """Read from ``facts``."""
        self._facts = facts
        self._told: OrderedDict[tuple[str, str], Fact] = OrderedDict()
        self._asked: OrderedDict[str, tuple[FactKey, ...]] = OrderedDict()

    def look(self, request: CompletionRequest, layout: Layout) -> _Look:
        """Ask, unless somebody waits; see ``Source``."""
        keys, path = questions(request, layout), request.document.path
        for key in self._asked.get(path, ()):
            self.told(path, key)
        asked = request.facts == "wait" or request.trigger is Trigger.WARM_UP
        if asked:
            self._ask(layout, keys)
        return _Look(self, request, keys, asked)

    def ahead(self, request: CompletionRequest, layout: Layout) -> None:
        """Ask; see ``Source``."""
        self._ask(layout, questions(request, layout))

    def close(self) -> None:
        """Nothing runs here."""

    def known(self, key: FactKey) -> Fact | None:
        """Return the answer about a name in this very text."""
        return self._facts.view().get(key)

    def told(self, path: str, key: FactKey) -> Fact | None:
        """Return the answer about a name in this text, or else in an earlier one of the same file."""
        fact = self.known(key)
        if fact is None:
            return self._told.get((path, key.receiver))
        self._told[path, key.receiver] = fact
        self._told.move_to_end((path, key.receiver))
        if len(self._told) > ANSWERS:
            self._told.popitem(last=False)
        return fact

    def _ask(self, layout: Layout, keys: tuple[FactKey, ...]) -> None:
        if keys:
            self._facts.register(layout.document)
            self._facts.ask(keys)
            self._asked[layout.document.path] = keys
            self._asked.move_to_end(layout.document.path)
            if len(self._asked) > DOCUMENTS:
                self._asked.popitem(last=False)


@dataclass(frozen=True)
class _Look:
    definitions: Definitions
    request: CompletionRequest
    keys: tuple[FactKey, ...]
    asked: bool

    def pending(self) -> bool:
        """Whether an answer is on its way."""
        return self.asked and not self.complete()

    def complete(self) -> bool:
        """Whether all answers are about this very text."""
        return all(self.definitions.known(key) is not None for key in self.keys)

    def snippets(self) -> tuple[Snippet, ...]:
        """Return the definitions, that of the nearest name last."""
        path, excluded = self.request.document.path, self.request.exclude_context
        facts = (self.definitions.told(path, key) for key in reversed(self.keys))
        found = dict.fromkeys(definition for fact in facts if fact is not None for definition in fact.definitions)
        return tuple(Snippet(d.path, d.text) for d in found if not no_context(d.path, excluded))


def questions(request: CompletionRequest, layout: Layout) -> tuple[FactKey, ...]:
    """Return the questions about the names near the cursor, the nearest first."""
    if layout.language is not PYTHON:
        return ()
    return tuple(FactKey(KIND, layout.document.digest, name) for name in names_near(layout))
