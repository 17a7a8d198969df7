"""Keys and values of one sequence in memory that is set aside ahead."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
import torch
from torch import Tensor

from models.engines.blocks import Blocks
from models.engines.shape import Shape
from models.engines.tree import Tree, close_gaps

# Room is a multiple of this many positions.
_STEP = 8


class KVSlab:
    """Keys and values of one sequence; its length is that of ``tokens``.

    What lies beyond the length is never read, so taking tokens back moves nothing.

    Attributes:
        tokens: Ids whose keys and values are held, in order.
        keys: ``[1, n_kv_heads, room, head_size]`` of each layer.
        values: The same.
        room: Positions that there is memory for.
        addresses: ``[2, n_layers]`` where keys and values begin.
        tree: What the last pass wrote behind the tokens, until some of it is committed; None if it was no tree.
    """

    keys: tuple[Tensor, ...]
    values: tuple[Tensor, ...]
    room: int

    def __init__(self, shape: Shape, dtype: torch.dtype, device: torch.device, blocks: Blocks) -> None:
        """Hold nothing, with no room; ``blocks``, on ``device``, are where it comes from."""
        self.tokens: list[int] = []
        self.tree: Tree | None = None
        self._most = shape.max_length
        self._blocks = blocks
        self._hold(torch.empty(2, shape.n_layers, 1, shape.n_kv_heads, 0, shape.head_size, dtype=dtype, device=device))

    @property
    def n_bytes(self) -> int:
        """Memory of all keys and values, room ahead included."""
        return self._memory.nbytes

    @property
    def used_bytes(self) -> int:
        """Memory of the keys and values held."""
        return self.n_bytes * len(self.tokens) // max(1, self.room)

    def copied_from(self, other: KVSlab, length: int) -> None:
        """Take over the first ``length`` tokens of another slab of the same shape; this one is empty."""
        self.make_room(length)
        self._copy(other._memory, length)
        self.tokens = other.tokens[:length]

    def move(self, start: int, path: Sequence[int]) -> None:
        """Close the gaps between positions ``start`` plus each index of ``path``."""
        close_gaps(self._memory.flatten(0, 2), start, path)

    def make_room(self, length: int) -> None:
        """See to it that ``length`` positions fit."""
        if length <= self.room:
            return
        held, (kinds, layers, one, heads, _, size) = self._memory, self._memory.shape
        shape = kinds, layers, one, heads, min(rounded(length), self._most), size
        self._hold(self._blocks.take(prod(shape) * held.itemsize).view(held.dtype).view(shape))
        self._copy(held, len(self.tokens))

    def _hold(self, memory: Tensor) -> None:
        """Have ``[2, n_layers, 1, n_kv_heads, room, head_size]`` for keys and values."""
        self._memory, self.room = memory, memory.shape[-2]
        self.keys, self.values = (kind.unbind() for kind in memory)
        self.addresses = np.array([[part.data_ptr() for part in kind] for kind in (self.keys, self.values)])

    def _copy(self, memory: Tensor, length: int) -> None:
        self._memory[..., :length, :] = memory[..., :length, :]


def rounded(length: int) -> int:
    """Return for how many positions there is to be room, at most an eighth more than for ``length``.

    There are eight such numbers between a power of two and the next (as sizes are classed in jemalloc): few enough
    for a block to be used again, and a growing slab is moved about sixteen times over in all, which is little beside
    computing it.
    """
    step = max(_STEP, 1 << (length - 1).bit_length() >> 4)
    return -(-length // step) * step
