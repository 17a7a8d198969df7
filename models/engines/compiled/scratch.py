"""Memory for what a pass computes on its way, kept from one pass to the next."""

from __future__ import annotations

from itertools import accumulate, pairwise
from math import prod

import numpy as np

from models.engines.compiled.lanes import LANES
from models.engines.compiled.passes import Integers, Scratch


class ScratchMemory:
    """One block of memory, as large as the largest pass so far needed; others see its beginning."""

    def __init__(self, sizes: Integers, max_length: int) -> None:
        """Take a model's sizes (``passes.Model``) and the positions that a token may see."""
        width, n_heads, n_kv_heads, size, inner = (int(number) for number in sizes[:5])
        self._columns = (width, (n_heads + 2 * n_kv_heads) * size, n_heads * size, inner, inner, width)
        self._width = width
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
        shapes += [(ranks, n_tokens, self._width), (ranks, self._scores)]
        ends = [0, *accumulate(prod(shape) for shape in shapes)]
        if ends[-1] > len(self._memory):
            self._views.clear()
            self._memory = np.empty(ends[-1], np.float32)
        parts = [self._memory[a:b].reshape(shape) for (a, b), shape in zip(pairwise(ends), shapes, strict=True)]
        hidden, qkv, mixed, gate, up, out, normed, scores = parts
        seen = np.empty((ranks, n_tokens), np.int64)
        return Scratch(hidden, qkv, mixed, gate, up, out, normed, scores, seen, self._meetings)
