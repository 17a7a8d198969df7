"""The fact store: answers that workers found, shared by all requests of a process.

A question is asked once however many requests, candidates and draft branches want it, and its
answer is kept until it is the one unused for longest.  What requests read are immutable
snapshots: a new answer makes a new one and leaves those already handed out as they are.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from analysis.fact_log import RecordingFacts, replay
from analysis.facts import UNRESOLVED, BaseDocument, Fact, FactKey, FactSource, FactView, NoFacts
from analysis.modes import LiveFacts, WaitFacts

# A fact of a large module is a few hundred short strings: thousands of facts are some 100 MB at worst.
FACTS = 2048
DOCUMENTS = 64

REPLAY = "replay:"

Deliver = Callable[[Fact | None], None]


class Analyzer(Protocol):
    """Finds facts, in other threads or processes."""

    def submit(self, document: BaseDocument, key: FactKey, deliver: Deliver) -> None:
        """Have a question answered; returns at once.

        Args:
            document: The document that ``key`` names.
            key: The question.
            deliver: Called once, on any thread: with the fact, or None if it could not be found out.
        """

    def drop(self, document: str) -> None:
        """Deliver None for what is asked about the document of that digest and not begun."""

    def trouble(self, document: BaseDocument) -> str:
        """Return why a document cannot be analysed now, and where possible the mend; "" if it can."""

    def troubles(self) -> tuple[str, ...]:
        """Return what cannot be analysed now of all that was asked about, one line each."""

    def close(self) -> None:
        """Stop; questions still open are delivered as None."""


class NoAnalyzer:
    """Finds out nothing: for replaying facts, and where no analysis is wanted."""

    def submit(self, document: BaseDocument, key: FactKey, deliver: Deliver) -> None:
        """Deliver None at once."""
        deliver(None)

    def drop(self, document: str) -> None:
        """Nothing waits."""

    def trouble(self, document: BaseDocument) -> str:
        """Nothing can fail."""
        return ""

    def troubles(self) -> tuple[str, ...]:
        """Nothing can fail."""
        return ()

    def close(self) -> None:
        """Nothing runs."""


class FactStore:
    """Facts by question; safe to use from any thread."""

    def __init__(self, analyzer: Analyzer, facts: int = FACTS, documents: int = DOCUMENTS) -> None:
        """Make an empty store over ``analyzer``, which it owns, holding so many facts and documents."""
        self._analyzer = analyzer
        self._most_facts = facts
        self._most_documents = documents
        self._documents: OrderedDict[str, BaseDocument] = OrderedDict()
        self._facts: OrderedDict[FactKey, Fact] = OrderedDict()
        self._failed: set[FactKey] = set()
        self._asked: set[FactKey] = set()
        self._live: OrderedDict[str, str] = OrderedDict()
        self._view = FactView()
        self._changed = threading.Condition()

    def source(self, document: BaseDocument, mode: str, record: Path | None = None) -> FactSource:
        """Return the facts for one request.

        In mode "live", which is that of an editor, the request replaces those for earlier texts of the same
        file: what they have asked and nobody has begun to look at is dropped.

        Args:
            document: What the request's questions are about.
            mode: "wait", "live", "none", or "replay:LOG" with the path of a log (``analysis.fact_log``).
            record: Where to make such a log; None for none.

        Raises:
            ValueError: There is no such mode, or the log cannot be used.
        """
        if mode.startswith(REPLAY):
            return replay(Path(mode.removeprefix(REPLAY)), document)
        modes: dict[str, Callable[[], FactSource]] = {
            "wait": lambda: WaitFacts(self),
            "live": lambda: LiveFacts(self),
            "none": NoFacts,
        }
        if mode not in modes:
            raise ValueError(f"unknown fact mode {mode!r}; known are {', '.join(modes)}, {REPLAY}LOG")
        if mode == "live":
            self._supersede(document)
        self.register(document)
        source = modes[mode]()
        return source if record is None else RecordingFacts(source, document, record)

    def register(self, document: BaseDocument) -> None:
        """Let questions name ``document``; the one registered longest ago may be forgotten for it.

        Questions that failed for an earlier request may be asked again.
        """
        with self._changed:
            if self._failed:
                for key in self._failed:
                    self._facts.pop(key, None)
                self._failed.clear()
                self._publish()
            self._documents[document.digest] = document
            self._documents.move_to_end(document.digest)
            while len(self._documents) > self._most_documents:
                self._documents.popitem(last=False)

    def view(self) -> FactView:
        """Return what is known now."""
        with self._changed:
            return self._view

    def failed(self, keys: Iterable[FactKey]) -> int:
        """Return how many of the questions the analysis could not work on (a crash, a time limit)."""
        with self._changed:
            return sum(key in self._failed for key in keys)

    def ask(self, keys: Iterable[FactKey]) -> None:
        """Have questions answered that are neither answered nor asked already; unknown documents are ignored."""
        for key, document in self._claim(keys):
            self._analyzer.submit(document, key, self._receiver(key))

    def wait(self, keys: Iterable[FactKey], seconds: float) -> bool:
        """Wait until all questions asked have their answers, at most ``seconds``; return whether they have."""
        wanted = set(keys)
        with self._changed:
            return self._changed.wait_for(lambda: not wanted & self._asked, seconds)

    def trouble(self, document: BaseDocument) -> str:
        """Return why a document cannot be analysed now; see ``Analyzer.trouble``."""
        return self._analyzer.trouble(document)

    def troubles(self) -> tuple[str, ...]:
        """Return what cannot be analysed now; see ``Analyzer.troubles``."""
        return self._analyzer.troubles()

    def close(self) -> None:
        """Stop the analysis; facts that are here stay readable."""
        self._analyzer.close()

    def _supersede(self, document: BaseDocument) -> None:
        """Drop what waits to be asked about an earlier text of the document's file."""
        with self._changed:
            earlier = self._live.pop(document.path, document.digest)
            self._live[document.path] = document.digest
            while len(self._live) > self._most_documents:
                self._live.popitem(last=False)
        if earlier != document.digest:
            self._analyzer.drop(earlier)

    def _claim(self, keys: Iterable[FactKey]) -> list[tuple[FactKey, BaseDocument]]:
        """Mark the questions that have to be asked as asked, and return them with their documents."""
        claimed = []
        with self._changed:
            for key in keys:
                if key in self._facts:
                    self._facts.move_to_end(key)
                elif key not in self._asked and key.document in self._documents:
                    self._asked.add(key)
                    claimed.append((key, self._documents[key.document]))
        return claimed

    def _receiver(self, key: FactKey) -> Deliver:
        def deliver(fact: Fact | None) -> None:
            with self._changed:
                if fact is None:
                    self._failed.add(key)
                self._asked.discard(key)
                self._facts[key] = fact or Fact(key, frozenset(), UNRESOLVED, "")
                while len(self._facts) > self._most_facts:
                    oldest, _ = self._facts.popitem(last=False)
                    self._failed.discard(oldest)
                self._publish()

        return deliver

    def _publish(self) -> None:
        """Make a new snapshot; the lock is held."""
        self._view = FactView(MappingProxyType(dict(self._facts)), self._view.version + 1)
        self._changed.notify_all()
