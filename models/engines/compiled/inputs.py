"""What a pass is told of its tokens, cut from tables: beside a pass over one token, arithmetic on arrays is felt."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from models.engines.compiled.passes import Floats, Integers, Tokens
from models.engines.rope import RotaryTable
from models.engines.tree import Tree


class Inputs:
    """Makes the inputs of passes; they are not to be written to."""

    def __init__(self, turns: RotaryTable, vocabulary: int, max_length: int) -> None:
        """Take the turns of positions, how many tokens there are, and how many positions."""
        self._rotary = turns
        self._vocabulary = vocabulary
        self._numbers = np.arange(max_length + 1)
        self._none = np.full(max_length, -1)
        self._turns: Floats = np.empty((0, 0, 2), np.float32)

    def chains(self, parts: Sequence[tuple[int, Sequence[int]]]) -> Tokens:
        """Return tokens that each follow the one before, for each slab where its part starts and the ids.

        Raises:
            IndexError: An id is none of the vocabulary.
        """
        chains = [self._chain(slab, start, ids) for slab, (start, ids) in enumerate(parts)]
        return chains[0] if len(chains) == 1 else Tokens(*map(np.concatenate, zip(*chains, strict=True)))

    def tree(self, start: int, tree: Tree) -> Tokens:
        """Return the tokens of a tree behind ``start`` tokens of one slab.

        Raises:
            IndexError: An id is none of the vocabulary.
        """
        n_tokens, depths = len(tree.tokens), np.array(tree.depths)
        return Tokens(
            ids=self._checked(tree.tokens),
            slabs=np.zeros(n_tokens, np.int64),
            places=self._numbers[start : start + n_tokens],
            firsts=np.full(n_tokens, start),
            parents=np.array(tree.parents),
            turns=self._turned(start, start + n_tokens)[depths],
        )

    def _chain(self, slab: int, start: int, ids: Sequence[int]) -> Tokens:
        end = start + len(ids)
        return Tokens(
            ids=self._checked(ids),
            slabs=np.full(len(ids), slab),
            places=self._numbers[start:end],
            firsts=self._numbers[start + 1 : end + 1],
            parents=self._none[: len(ids)],
            turns=self._turned(start, end),
        )

    def _checked(self, ids: Sequence[int]) -> Integers:
        if not 0 <= min(ids) <= max(ids) < self._vocabulary:
            raise IndexError(f"tokens from {min(ids)} to {max(ids)} are not all among {self._vocabulary}")
        return np.array(ids, np.int64)

    def _turned(self, start: int, end: int) -> NDArray[np.float32]:
        if end > len(self._turns):
            self._turns = torch.view_as_real(self._rotary.rows(0, 2 * end))[:, 0].numpy()
        return self._turns[start:end]
