"""Each document's questions to the analyzer of its language."""

from __future__ import annotations

from collections.abc import Mapping

from analysis.facts import BaseDocument, FactKey
from analysis.languages import language_of
from analysis.store import Analyzer, Deliver


class ByLanguage:
    """Several analyzers as one; an ``analysis.store.Analyzer``."""

    def __init__(self, analyzers: Mapping[str, Analyzer], others: Analyzer) -> None:
        """Take over analyzers.

        Args:
            analyzers: By the language's id (``analysis.languages``).
            others: Asked about all other languages.
        """
        self._analyzers = analyzers
        self._others = others

    def submit(self, document: BaseDocument, key: FactKey, deliver: Deliver) -> None:
        """Have a question answered; see ``analysis.store.Analyzer``."""
        self._of(document).submit(document, key, deliver)

    def drop(self, document: str) -> None:
        """Deliver None for what is asked about a document; see ``analysis.store.Analyzer``."""
        for analyzer in self._all():
            analyzer.drop(document)

    def trouble(self, document: BaseDocument) -> str:
        """Return why a document cannot be analysed now; see ``analysis.store.Analyzer``."""
        return self._of(document).trouble(document)

    def troubles(self) -> tuple[str, ...]:
        """Return those of all; see ``analysis.store.Analyzer``."""
        return tuple(trouble for analyzer in self._all() for trouble in analyzer.troubles())

    def close(self) -> None:
        """Stop all."""
        for analyzer in self._all():
            analyzer.close()

    def _of(self, document: BaseDocument) -> Analyzer:
        return self._analyzers.get(language_of(document.language, document.path).id, self._others)

    def _all(self) -> tuple[Analyzer, ...]:
        return (*self._analyzers.values(), self._others)
