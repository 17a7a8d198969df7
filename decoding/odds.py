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
from dataclasses import replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
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


class Odds:
    """Corrections of penalties at one position."""

    def __init__(self, row: torch.Tensor, watch: Watch, view: FactView, vocabulary: Vocabulary) -> None:
        """Weigh what may come next.

        Args:
            row: ``[V]`` raw logits.
            watch: The monitors' states before the token.
            view: Facts known.
            vocabulary: Ids and their bytes.
        """
        self.watch = watch
        self.view = view
        self.vocabulary = vocabulary
        self._row = row
        self._known: dict[tuple[str, bytes], float] = {}
        self._here: dict[str, Continuations | None] = {}
        self._reached: dict[tuple[str, bytes], tuple[Any, Continuations | None]] = {}
        closed = self.closed_here(Heal.name)
        # What of the user's own bytes has to be written again first.
        self._healed = closed.texts[0] if closed is not None else b""

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
        closed, end = self.closed_here(monitor), 0
        if closed is None:
            end, closed = self._closed_in(data, monitor)
        if closed is None or (end and end == len(data)):
            return 0.0
        rest = data[end:]
        return 0.0 if rest and stays(closed, rest) else self._at(data[:end], monitor, closed)

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
        weights, total = self._weights
        return 2 * float(weights[token]) > total

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
            below = self._mass(listed_tokens(healed, likelier))
            mass, left = below, left + (below - mass) * math.exp(price)
        return log_ratio(left, max(mass, self._mass(tokens_beginning(names, LETTERS))))

    def _closed_in(self, data: bytes, monitor: str) -> tuple[int, Continuations | None]:
        """Return the first place behind a byte of ``data`` at which a monitor knows a finite set, and that."""
        found = self.watch.of(monitor)
        if found is None:
            return len(data), None
        judge, state = found
        text = self.watch.lexed(data)
        for end in range(1, len(data) + 1):
            place = monitor, data[:end]
            if place not in self._reached:
                state = judge.step(state, text.byte(end - 1), self.view)[1]
                self._reached[place] = state, judge.continuations(state)
            state, closed = self._reached[place]
            if closed is not None:
                return end, closed
        return len(data), None

    def _at(self, before: bytes, monitor: str, closed: Continuations) -> float:
        """Return the correction for tokens that begin with ``before``, behind which the set is known."""
        if (monitor, before) not in self._known:
            node = self.vocabulary.trie
            for byte in before:
                node = node.children[byte]
            listed = self._mass(listed_tokens(node, closed))
            everything = self._mass(node.below_array) if before else 1.0
            self._known[monitor, before] = log_ratio(listed, everything - listed)
        return self._known[monitor, before]

    def _mass(self, tokens: Ids) -> float:
        """Return the probability of some tokens together."""
        weights, total = self._weights
        return float(weights[tokens].sum(dtype=np.float64)) / total

    @cached_property
    def _weights(self) -> tuple[npt.NDArray[np.floating[Any]], float]:
        """What the model's probabilities are in proportion to, ``[V]``, and the sum of that."""
        scores = self._row.numpy(force=True)
        weights = np.exp(scores - scores.max())
        return weights, float(weights.sum(dtype=np.float64))


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


def node_at(node: Node, data: bytes) -> Node | None:
    """Return what is below ``node`` behind some bytes, None if nothing is."""
    for byte in data:
        if byte not in node.children:
            return None
        node = node.children[byte]
    return node


@lru_cache(maxsize=256)
def tokens_beginning(node: Node, first: frozenset[int]) -> Ids:
    """Return all tokens below ``node`` that go on with one of some bytes."""
    below = [child.below_array for byte, child in node.children.items() if byte in first]
    return np.concatenate((node.below_array[:0], *below))


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
