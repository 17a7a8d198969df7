"""Memory for what a pass computes on its way, kept from one pass to the next."""

from __future__ import annotations

from itertools import accumulate, pairwise
from math import prod
from typing import Any

import numpy as np

from models.engines.compiled.lanes import FLOAT, LANES
from models.engines.compiled.passes import Integers, Scratch


class ScratchMemory:
    """One block of memory, as large as the largest pass so far needed; others see its beginning."""

    def __init__(self, sizes: Integers, columns: int, inputs: np.dtype[Any], max_length: int) -> None:
        """Take what the room is for.

        Args:
            sizes: A model's (``passes.Model``).
            columns: Of its widest matrix.
            inputs: What holds inputs of products.
            max_length: Positions that a token may see.
        """
        width, n_heads, n_kv_heads, size, inner = (int(number) for number in sizes[:5])
        self._columns = (width, (n_heads + 2 * n_kv_heads) * size, n_heads * size, inner, inner, width)
        self._width = width
        # Inputs that are not rounded need no room.
        self._inputs, self._given = inputs, 0 if inputs == FLOAT else -(-columns * inputs.itemsize // FLOAT.itemsize)
        self._scores = max_length + LANES
        self._memory = np.empty(0, np.float32)
        self._meetings = np.zeros(1, np.int64)
        self._views: dict[tuple[int, int], Scratch] = {}

    def of(self, n_tokens: int, ranks: int) -> Scratch:
        """Return room for so many tokens and threads, until the next call."""
        if (n_tokens, ranks) not in self._views:
            self._views[n_tokens, ranks] = self._view(n_tokens, ranks)
        return self._views[n_tokens, ranks]

    def _view(self, n_tokens: int, ranks: int) -> Scratch:
        shapes: list[tuple[int, ...]] = [(n_tokens, columns) for columns in self._columns]
        shapes += [(ranks, n_tokens, self._width), (ranks, 2, self._scores)]
        shapes += [(ranks, n_tokens), (ranks, n_tokens * self._given)]
        ends = [0, *accumulate(prod(shape) for shape in shapes)]
        if ends[-1] > len(self._memory):
            self._views.clear()
            self._memory = np.empty(ends[-1], np.float32)
        parts = [self._memory[a:b].reshape(shape) for (a, b), shape in zip(pairwise(ends), shapes, strict=True)]
        hidden, qkv, mixed, gate, up, out, normed, scores, scales, given = parts
        seen = np.empty((ranks, n_tokens), np.int64)
        return Scratch(
            hidden, qkv, mixed, gate, up, out, normed, given.view(self._inputs), scales, scores, seen, self._meetings
        )
