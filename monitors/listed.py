"""A name that is being written, held against the list of a fact: what it costs, byte by byte.

A name costs what the least costly name costs that it may still become; finished, it costs what
its row says.  So the sum over any split of the text is the same, and a name that the list lacks
is paid for with the byte that makes it so.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from analysis.facts import UNRESOLVED, Fact
from analysis.python.lexicon import LETTERS
from analysis.python.lexicon import WORD as WORD_BYTES
from monitors.base import Check, Continuations
from monitors.strength import Prices
from monitors.words import AnyOf, Words

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Listed:
    """What may stand at a place, and what anything else costs there.

    Attributes:
        fact: Query and class of the fact, ``attributes.self``.
        origin: Where the fact has it from.
        legal: Names that may stand here.
        plain: Those of them that are not hidden.
        prices: What the other names cost.
        known: Names that stand elsewhere in the document; no part of the value.
        openings: What else may begin there, like the prefix of a string; free while it is no finished name.
        _following: Continuations that were asked for.
    """

    fact: str
    origin: str
    legal: AnyOf
    plain: AnyOf
    prices: Prices
    known: Words = field(compare=False)
    openings: Words = Words()
    _following: dict[bytes, Continuations | None] = field(default_factory=dict, compare=False, repr=False)

    def row(self, name: bytes) -> str:
        """Return the row that a finished name is charged by, "" for none."""
        if name in self.plain:
            return ""
        if name in self.legal:
            return "hidden"
        return "seen" if name in self.known else "unseen"

    def price(self, name: bytes) -> float:
        """Return what a finished name costs in all."""
        return self.prices.of(self.row(name))

    def least(self, beginning: bytes) -> float:
        """Return the least that a name beginning like this can cost in the end."""
        if self.plain.fits(beginning) or self.openings.fits(beginning):
            return 0.0
        least = self.prices.hidden if self.legal.fits(beginning) else self.prices.unseen
        return max(least, self.prices.unseen, self.prices.seen if self.known.fits(beginning) else self.prices.unseen)

    def _least_but(self, words: tuple[bytes, ...], beginning: bytes) -> float:
        """Return the least that another name than these, which all begin like this, can cost in the end."""
        prices, others = self.prices, set(words)
        hidden = prices.hidden if self.legal.fits(beginning) else prices.unseen
        is_seen = not beginning or any(word not in others for word in self.known.starting_with(beginning))
        return max(hidden, prices.unseen, prices.seen if is_seen else prices.unseen)

    def continuations(self, beginning: bytes) -> Continuations | None:
        """Return how the name may go on, b"" among it if it may end here; hidden names only where none else fit."""
        if beginning not in self._following:
            self._following[beginning] = self._continuations(beginning)
        return self._following[beginning]

    def _continuations(self, beginning: bytes) -> Continuations | None:
        words = self.plain.starting_with(beginning) or self.legal.starting_with(beginning)
        if not words:
            return None
        rest = tuple(word[len(beginning) :] for word in words)
        if self.openings.fits(beginning):
            return Continuations(rest, WORD_BYTES)
        price = min(0.0, self._least_but(words, beginning) - self.least(beginning))
        return Continuations(rest, WORD_BYTES, WORD_BYTES if beginning else LETTERS, price)


def judgement(query: str, name: bytes, fact: Fact | None, listed: Listed | None) -> Check:
    """Return what the certificate says of a finished name.

    Args:
        query: What was asked, for names without a usable fact.
        name: The name.
        fact: The answer, None if it had not come.
        listed: What the answer says; None if it says nothing.
    """
    text = name.decode("utf-8", "replace")
    if listed is not None:
        return Check(text, listed.origin, name in listed.legal, listed.fact, listed.row(name))
    return Check(text, "", False, f"{query}.{UNKNOWN if fact is None else UNRESOLVED}")
