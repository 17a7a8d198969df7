"""A name that is being written, held against the list of a fact: what it costs, byte by byte.

A name costs what the least costly name costs that it may still become; finished, it costs what
its row says.  So the sum over any split of the text is the same, and a name that the list lacks
is paid for with the byte that makes it so.  Listed names are not all equally likely: they stand in
*ranks*, the likeliest of which cost nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from analysis.facts import UNRESOLVED, Fact
from analysis.python.lexicon import LETTERS
from analysis.python.lexicon import WORD as WORD_BYTES
from monitors.base import Check, Continuations
from monitors.ranks import Rank
from monitors.strength import Prices
from monitors.words import Words

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Listed:
    """What may stand at a place, and what it and anything else costs there.

    Attributes:
        fact: Query and class of the fact, ``attributes.self``.
        origin: Where the fact has it from.
        ranks: Names that may stand here, the likeliest first; no name is in two.
        prices: What the other names cost.
        known: Names that stand elsewhere in the document; no part of the value.
        openings: What else may begin there, like the prefix of a string; free while it is no finished name.
        _following: Continuations that were asked for.
    """

    fact: str
    origin: str
    ranks: tuple[Rank, ...]
    prices: Prices
    known: Words = field(compare=False)
    openings: Words = Words()
    _following: dict[bytes, Continuations | None] = field(default_factory=dict, compare=False, repr=False)

    def __contains__(self, name: bytes) -> bool:
        """Whether a name is listed."""
        return any(name in rank.words for rank in self.ranks)

    def row(self, name: bytes) -> str:
        """Return the row that a finished name is charged by, "" for none."""
        rank = self._rank(name)
        return rank.row if rank is not None else "seen" if name in self.known else "unseen"

    def price(self, name: bytes) -> float:
        """Return what a finished name costs in all."""
        rank = self._rank(name)
        return rank.price if rank is not None else self.prices.of(self.row(name))

    def due(self, name: bytes, paid: float) -> float:
        """Return what is left to pay for a finished name.

        Args:
            name: The name.
            paid: What it has cost so far.
        """
        return self.price(name) - paid

    def least(self, beginning: bytes) -> float:
        """Return the least that a name beginning like this can cost in the end."""
        if self.openings.fits(beginning):
            return 0.0
        listed = next((rank.price for rank in self.ranks if rank.words.fits(beginning)), self.prices.unseen)
        return max(listed, self.prices.unseen, self.prices.seen if self.known.fits(beginning) else self.prices.unseen)

    def _rank(self, name: bytes) -> Rank | None:
        return next((rank for rank in self.ranks if name in rank.words), None)

    def _least_but(self, words: tuple[bytes, ...], beginning: bytes) -> float:
        """Return the least that another name than these, which all begin like this, can cost in the end."""
        others = set(words)
        is_seen = not beginning or any(word not in others for word in self.known.starting_with(beginning))
        return max(self.prices.unseen, self.prices.seen if is_seen else self.prices.unseen)

    def continuations(self, beginning: bytes) -> Continuations | None:
        """Return how the name may go on, b"" among it if it may end here."""
        if beginning not in self._following:
            self._following[beginning] = self._continuations(beginning)
        return self._following[beginning]

    def _continuations(self, beginning: bytes) -> Continuations | None:
        prices: dict[bytes, float] = {}
        for rank in self.ranks:
            for word in rank.words.starting_with(beginning):
                prices.setdefault(word, rank.price)
        if not prices:
            return None
        words, paid = tuple(prices), self.least(beginning)
        rest = tuple(word[len(beginning) :] for word in words)
        each = tuple(min(0.0, price - paid) for price in prices.values()) if any(prices.values()) else ()
        if self.openings.fits(beginning):
            return Continuations(rest, WORD_BYTES, prices=each)
        price = min(0.0, self._least_but(words, beginning) - paid)
        return Continuations(rest, WORD_BYTES, WORD_BYTES if beginning else LETTERS, price, each)


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
        return Check(text, listed.origin, name in listed, listed.fact, listed.row(name))
    return Check(text, "", False, f"{query}.{UNKNOWN if fact is None else UNRESOLVED}")
