"""What a weak model's doubt about a fact is worth: nothing.

A monitor's penalty ``ln e`` for a name that a fact does not list is the fact's measured error.
Multiplied into the model's probabilities it is right for a model that knows by itself what
exists.  A small one may give all listed names together a ten-thousandth of its mass, and an
invented one wins in spite of the fact.  So where a monitor knows the finite set of what may come,
the model decides *which* of the listed and *which* of the unlisted, but not in favour of
*unlisted*: if the listed have less mass than the others, the others' penalties are lowered by the
logarithm of that ratio.  All unlisted names together then keep no more than e.  What makes one
listed name less likely than another is no fact, and stays as it is: a model that is sure of
``super().__init__`` is heeded.  Where several monitors object, the strongest correction holds.

A fact says which names exist, and ``monitors.ranks`` which of them are likely, but not whether a name
comes.  So what is no name, a blank, a bracket, the end, keeps the share that the model gives it beside
all names, and costs what they cost on average.  Else it would be had for nothing where the model's
favourites are dear, and put the name off for ever.

Both are conditioning on uncertain evidence (Jeffrey, The Logic of Decision, 1965, ch. 11).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np
import torch

from analysis.facts import FactView
from analysis.python.lexicon import LETTERS, WORD
from decoding.watch import CLEAR, Judgement, Watch
from models.vocabulary import Node, Vocabulary
from monitors.base import Continuations
from monitors.heal import Heal
from monitors.words import Words

if TYPE_CHECKING:
    from models.trie import Ids

# Beyond this a penalty is as good as a ban; it keeps sums finite when the listed have no mass at all.
STRONGEST = -40.0


@dataclass(frozen=True)
class Odds:
    """Corrections of penalties at one position.

    Attributes:
        row: ``[V]`` raw logits.
        watch: The monitors' states before the token.
        view: Facts known.
        vocabulary: Ids and their bytes.
    """

    row: torch.Tensor
    watch: Watch
    view: FactView
    vocabulary: Vocabulary
    _known: dict[tuple[str, bytes], float] = field(default_factory=dict)
    _here: dict[str, Continuations | None] = field(default_factory=dict)
    _reached: dict[tuple[str, bytes], tuple[Watch, Continuations | None]] = field(default_factory=dict)

    def closed_here(self, monitor: str) -> Continuations | None:
        """Return the finite set of what may come next that a monitor knows, if it does."""
        if monitor not in self._here:
            self._here[monitor] = self.watch.closed_by(monitor)
        return self._here[monitor]

    def correction(self, data: bytes, monitor: str) -> float:
        """Return what is added to the penalty that a monitor gives a token, nats, 0 or less.

        It is 0 where the token stays with what is listed.

        Args:
            data: The token's bytes; b"" for an end token.
            monitor: Its name.
        """
        closed = self.closed_here(monitor)
        if closed is not None:
            return 0.0 if data and stays(closed, data) else self._at(b"", monitor, closed)
        alone = self.watch.alone(monitor)
        for end in range(1, len(data) + 1):
            alone, closed = self._behind(alone, monitor, data[:end])
            if closed is not None:
                rest = data[end:]
                return 0.0 if not rest or stays(closed, rest) else self._at(data[:end], monitor, closed)
        return 0.0

    def of_others(self, monitor: str) -> float:
        """Return the correction for all tokens but those that stay with what a monitor knows may come here."""
        closed = self.closed_here(monitor)
        return 0.0 if closed is None else self._at(b"", monitor, closed)

    def aside(self, token: int, is_end: bool) -> Judgement:
        """Return what a token costs that begins no name where one is expected."""
        rest = b"" if is_end else (self.vocabulary.bytes_of(token) or b"")[len(self._healed) :]
        if (rest and rest[0] in WORD) or not (rest or is_end):
            return CLEAR
        charge, closed = self._aside
        if closed is None or (rest and stays(closed, rest)):
            return CLEAR
        name = rest.removeprefix(closed.lead)
        return CLEAR if name and name[0] in WORD else charge

    def outweighs(self, token: int) -> bool:
        """Whether the model gives a token more than all others together."""
        return float(self.row[token].double() - self._total) > -math.log(2)

    @cached_property
    def _healed(self) -> bytes:
        """What of the user's own bytes has to be written again first."""
        closed = self.closed_here(Heal.name)
        return closed.texts[0] if closed is not None else b""

    @cached_property
    def _aside(self) -> tuple[Judgement, Continuations | None]:
        """What it costs at this position to begin no name, by the monitor whose names cost most; what it lists."""
        worst: tuple[Judgement, Continuations | None] = CLEAR, None
        there = self.watch.advance(self._healed, self.view)
        for name, expected in there.expected(self.view):
            closed = expected.closed
            if closed is not None and closed.price:
                charge = self._average(closed)
                worst = (Judgement(charge, name, (name,)), closed) if charge < worst[0].penalty else worst
        return worst

    def _average(self, closed: Continuations) -> float:
        """Return what the names behind the healed bytes cost on average, those included that are not listed, nats."""
        healed = node_at(self.vocabulary.trie, self._healed)
        names = node_at(healed, closed.lead) if healed is not None else None
        if healed is None or names is None:
            return 0.0
        mass = left = 0.0
        for price, likelier in tiers(closed):
            below = self._mass(listed_ids(healed, likelier))
            mass, left = below, left + (below - mass) * math.exp(price)
        return log_ratio(left, max(mass, self._mass(ids_beginning(names, LETTERS))))

    def _behind(self, before: Watch, monitor: str, data: bytes) -> tuple[Watch, Continuations | None]:
        """Return a monitor's state behind ``data``, one byte on from ``before``, and the set that it knows there."""
        if (monitor, data) not in self._reached:
            there = before.advance(data[-1:], self.view)
            self._reached[monitor, data] = there, there.closed_by(monitor)
        return self._reached[monitor, data]

    def _at(self, before: bytes, monitor: str, closed: Continuations) -> float:
        """Return the correction for tokens that begin with ``before``, behind which the set is known."""
        if (monitor, before) not in self._known:
            node = self.vocabulary.trie
            for byte in before:
                node = node.children[byte]
            listed = self._mass(listed_ids(node, closed))
            everything = self._mass(ids_below(node)) if before else 1.0
            self._known[monitor, before] = log_ratio(listed, everything - listed)
        return self._known[monitor, before]

    def _mass(self, ids: torch.Tensor) -> float:
        """Return the probability of some tokens together."""
        return float((self.row[ids.to(self.row.device)].double() - self._total).exp().sum())

    @cached_property
    def _total(self) -> torch.Tensor:
        return torch.logsumexp(self.row.double(), dim=-1)


def stays(closed: Continuations, data: bytes) -> bool:
    """Whether ``data``, which is not empty, begins one of the texts, or is one and what may follow it."""
    words = words_of(closed)
    if words.fits(data):
        return True
    return any(data[end] not in closed.inside and data[:end] in words for end in range(len(data)))


@lru_cache(maxsize=256)
def words_of(closed: Continuations) -> Words:
    """Return the texts, to look beginnings up in."""
    return Words.of(closed.texts)


@lru_cache(maxsize=256)
def ids_below(node: Node) -> torch.Tensor:
    """Return all tokens below ``node``."""
    return torch.from_numpy(node.below_array)


def node_at(node: Node, data: bytes) -> Node | None:
    """Return what is below ``node`` behind some bytes, None if nothing is."""
    for byte in data:
        if byte not in node.children:
            return None
        node = node.children[byte]
    return node


@lru_cache(maxsize=256)
def ids_beginning(node: Node, first: frozenset[int]) -> torch.Tensor:
    """Return all tokens below ``node`` that go on with one of some bytes."""
    below = [child.below_array for byte, child in node.children.items() if byte in first]
    return torch.from_numpy(np.concatenate((node.below_array[:0], *below)))


@lru_cache(maxsize=256)
def tiers(closed: Continuations) -> tuple[tuple[float, Continuations], ...]:
    """Return the prices of the texts, the highest first, each with the texts that cost no more than that."""
    if not closed.prices:
        return ((0.0, closed),)
    priced = tuple(zip(closed.texts, closed.prices, strict=True))
    return tuple(
        (price, replace(closed, texts=tuple(text for text, cost in priced if cost >= price), prices=()))
        for price in sorted(set(closed.prices), reverse=True)
    )


@lru_cache(maxsize=256)
def listed_ids(node: Node, closed: Continuations) -> torch.Tensor:
    """Return ``listed_tokens``, to pick from a row with."""
    return torch.from_numpy(listed_tokens(node, closed))


@lru_cache(maxsize=256)
def listed_tokens(node: Node, closed: Continuations) -> Ids:
    """Return the tokens below ``node`` that begin, or begin and end, one of the texts.

    A token that goes on with a second name counts by its first; vocabularies hardly have any.
    """
    found: list[Ids] = []
    stack: list[tuple[Node, tuple[bytes, ...]]] = [(node, closed.texts)]
    while stack:
        here, texts = stack.pop()
        found.append(here.own_array)
        complete = b"" in texts
        longer: dict[int, list[bytes]] = {}
        for text in texts:
            if text:
                longer.setdefault(text[0], []).append(text[1:])
        for byte, child in here.children.items():
            if byte in longer:
                stack.append((child, tuple(longer[byte])))
            elif complete and byte not in closed.inside:
                found.append(child.below_array)
    return np.concatenate(found)


def log_ratio(listed: float, others: float) -> float:
    """Return the logarithm of the odds of ``listed``, at most 0 and at least ``STRONGEST``."""
    if listed >= others:
        return 0.0
    return max(STRONGEST, math.log(listed / others)) if listed > 0 else STRONGEST
