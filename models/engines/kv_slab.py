"""Keys and values of one sequence in memory that is set aside ahead."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

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
        tree: What the last pass wrote behind the tokens, until some of it is committed; None if it was no tree.
    """

    def __init__(self, shape: Shape, dtype: torch.dtype, device: torch.device) -> None:
        """Hold nothing, with no room."""
        empty = torch.empty(1, shape.n_kv_heads, 0, shape.head_size, dtype=dtype, device=device)
        self.tokens: list[int] = []
        self.keys: list[Tensor] = [empty] * shape.n_layers
        self.values: list[Tensor] = [empty] * shape.n_layers
        self.room = 0
        self.tree: Tree | None = None
        self._most = shape.max_length

    @property
    def n_bytes(self) -> int:
        """Memory of all keys and values, room ahead included."""
        return sum(tensor.nbytes for tensor in (*self.keys, *self.values))

    @property
    def used_bytes(self) -> int:
        """Memory of the keys and values held."""
        return self.n_bytes * len(self.tokens) // max(1, self.room)

    def copied_from(self, other: KVSlab, length: int) -> None:
        """Take over the first ``length`` tokens of another slab of the same shape; this one is empty."""
        self.make_room(length)
        for mine, theirs in ((self.keys, other.keys), (self.values, other.values)):
            for new, old in zip(mine, theirs, strict=True):
                new[:, :, :length] = old[:, :, :length]
        self.tokens = other.tokens[:length]

    def move(self, start: int, path: Sequence[int]) -> None:
        """Close the gaps between positions ``start`` plus each index of ``path``."""
        close_gaps((*self.keys, *self.values), start, path)

    def make_room(self, length: int) -> None:
        """See to it that ``length`` positions fit.

        Room grows by a sixteenth: a growing slab is moved about sixteen times over in all, which is
        little beside computing it, and memory stays near what is held.
        """
        if length <= self.room:
            return
        room = min(-(-(length + length // 16) // _STEP) * _STEP, self._most)
        held = len(self.tokens)
        for tensors in (self.keys, self.values):
            for layer, old in enumerate(tensors):
                new = old.new_empty(1, old.shape[1], room, old.shape[3])
                new[:, :, :held] = old[:, :, :held]
                tensors[layer] = new
        self.room = room
