"""How likely a model writes each of some names: exact log-probabilities from two forward passes.

A name is written by its canonical tokens, and it ends where a token begins that cannot go on it.  The token that
ends it may bring the name's last bytes along (``_(`` behind ``print``): the marginal over such last tokens is
exact, as in "From Language Models over Tokens to Language Models over Characters" (Vieira et al. 2024), while
other ways to cut the bytes before it are left out: a model that was trained on canonical tokens hardly takes them.

The first pass tells how likely each name begins, which no name can exceed; the second one weighs the best of them
in a tree, where names that begin with the same tokens share nodes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from analysis.python.lexicon import WORD
from decoding.blending import Mix, unblended
from decoding.types import Steps
from models.engines.base import Engine, Row, Rows, Slab
from models.engines.prefill import common_length
from models.engines.tree import Tree
from models.vocabulary import Vocabulary

# Names that are weighed at most, and tokens of their tree: as many as a chunk of a prompt, so that nobody
# waits longer for it than for one.
MOST_NAMES = 64
TREE_TOKENS = 128

# Nats, or None for what was not weighed.
Scores = tuple[float | None, ...]
OnPass = Callable[[int, float], None]


class NameEnds:
    """Which tokens spell the rest of a name and then end it, in one vocabulary."""

    def __init__(self, vocabulary: Vocabulary, end_ids: frozenset[int]) -> None:
        """Know a vocabulary; after ``end_ids`` nothing more is written, which ends a name too."""
        self._vocabulary = vocabulary
        self._end_ids = end_ids
        self.behind = lru_cache(maxsize=1024)(self._behind)

    def _behind(self, rest: bytes) -> Tensor:
        """Return the ids of the tokens that spell ``rest`` and go on with what is no part of a name, ``[n]``."""
        node = self._vocabulary.trie
        for byte in rest:
            if byte not in node.children:
                return torch.empty(0, dtype=torch.long)
            node = node.children[byte]
        found = [token for byte, below in node.children.items() if byte not in WORD for token in below.below]
        return torch.tensor([*found, *(() if rest else sorted(self._end_ids))], dtype=torch.long)


@dataclass(frozen=True)
class Scorer:
    """What names are weighed with.

    Attributes:
        engine: Computes the rows.
        vocabulary: Of the model.
        ends: Of the same vocabulary.
        on_pass: Told of every forward pass: its tokens and seconds.
        stopped: Whether nobody wants the numbers any more; polled before every pass.
        blend: Mixes into a row what the document makes likely, as where text is written.
    """

    engine: Engine
    vocabulary: Vocabulary
    ends: NameEnds
    on_pass: Callable[[int, float], None]
    stopped: Callable[[], bool]
    blend: Mix = unblended

    def scoring(self, slab: Slab, prompt: Sequence[int], texts: Sequence[bytes]) -> Steps[Scores]:
        """Return the log-probability of each text: that it is written next, and that a name ends behind it.

        Args:
            slab: Holds the prompt but for its last token, now and afterwards.
            prompt: What the texts follow.
            texts: UTF-8, each with a name at its end, and none of them empty.

        Returns:
            As many as texts; None for those that many others are likelier to begin than; nothing if stopped.
        """
        held = len(slab.tokens)
        try:
            return (yield from self._weighed(slab, prompt, texts))
        finally:
            self.engine.truncate(slab, held)

    def _weighed(self, slab: Slab, prompt: Sequence[int], texts: Sequence[bytes]) -> Steps[Scores]:
        """Do the same, and leave in the slab what all texts begin with."""
        chains = [self.vocabulary.encode_bytes(text) for text in texts]
        shared = shared_beginning(chains)
        scores: list[float | None] = [None] * len(texts)
        room = min(TREE_TOKENS, self.engine.max_length - len(slab.tokens) - 1 - len(shared))
        if not chains or room < 1:
            return tuple(scores)
        yield None
        if self.stopped():
            return ()
        rows = self._timed(1 + len(shared), lambda: self.engine.forward(slab, (prompt[-1], *shared)))
        opening = [self._expected(rows.at(size), shared[:size]) for size in range(1 + len(shared))]
        places = best(chains, opening[-1], len(shared), room)
        if not places:
            return tuple(scores)
        tree, paths = tree_of([chains[place][len(shared) :] for place in places])
        yield None
        if self.stopped():
            return ()
        rows = self._timed(len(tree.tokens), lambda: self.engine.forward_tree(slab, tree))
        behind: dict[int, Tensor] = {}
        for place, path in zip(places, paths, strict=True):
            for size, node in enumerate(path, len(shared) + 1):
                if node not in behind:
                    behind[node] = self._expected(rows.at(node), chains[place][:size])
            predicting = (*opening, *(behind[node] for node in path))
            scores[place] = self._log_probability(chains[place], texts[place], predicting)
        return tuple(scores)

    def _timed(self, n_tokens: int, run: Callable[[], Rows]) -> Rows:
        """Do a pass."""
        begun = time.perf_counter()
        rows = run()
        self.on_pass(n_tokens, time.perf_counter() - begun)
        return rows

    def _expected(self, row: Row, written: tuple[int, ...]) -> Tensor:
        """Return the log-probabilities behind some tokens of a text, ``[V]``."""
        return self.blend(row, written).logits.log_softmax(-1)

    def _log_probability(self, chain: Sequence[int], text: bytes, rows: Sequence[Tensor]) -> float:
        """Return one text's, from the rows ``[V]`` that predict its tokens and what follows them."""
        written, rest = 0.0, text
        ways: list[float] = []
        for row, token in zip(rows, (*chain, None), strict=True):
            if len(last := self.ends.behind(rest)):
                ways.append(written + float(row[last.to(row.device)].logsumexp(0)))
            if token is not None:
                written += float(row[token])
                rest = rest[len(self.vocabulary.bytes_of(token) or b"") :]
        return float(torch.tensor(ways, dtype=torch.float64).logsumexp(0))


def shared_beginning(chains: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """Return the tokens that all chains begin with, the last token of none among them."""
    if not chains:
        return ()
    least, most = min(chains), max(chains)  # what these two share, all between them share
    return least[: min(common_length(least, most), min(map(len, chains)) - 1)]


def best(chains: Sequence[tuple[int, ...]], row: Tensor, depth: int, room: int) -> list[int]:
    """Return the places of the chains that most likely go on at ``depth`` as ``row`` says.

    They are in the order of their tokens, which puts those that share most beside each other.

    Args:
        chains: Tokens of all.
        row: Log-probabilities, ``[V]``.
        depth: Number of tokens that they share.
        room: Tokens that the tree of the others may have, at least one.
    """
    likely = row[torch.tensor([chain[depth] for chain in chains], device=row.device)].tolist()
    nodes: set[tuple[int, ...]] = set()
    chosen: list[int] = []
    for place in sorted(range(len(chains)), key=lambda place: -likely[place]):
        own = {chains[place][depth:end] for end in range(depth + 1, len(chains[place]) + 1)}
        if len(chosen) < MOST_NAMES and len(nodes | own) <= room:
            chosen.append(place)
            nodes |= own
    return sorted(chosen, key=lambda place: chains[place])


def tree_of(chains: Sequence[tuple[int, ...]]) -> tuple[Tree, list[tuple[int, ...]]]:
    """Return the tree of some chains, in ascending order, and the nodes of each."""
    tokens: list[int] = []
    parents: list[int] = []
    nodes: dict[tuple[int, ...], int] = {(): -1}
    for chain in chains:
        for end, token in enumerate(chain):
            if (beginning := chain[: end + 1]) not in nodes:
                nodes[beginning] = len(tokens)
                parents.append(nodes[beginning[:-1]])
                tokens.append(token)
    paths = [tuple(nodes[chain[: end + 1]] for end in range(len(chain))) for chain in chains]
    return Tree(tuple(tokens), tuple(parents)), paths
