"""The one place from which recorded passes read keys and values, and slabs that take turns in it.

A recorded pass knows addresses, not slabs.  So the slab in use lives in the *arena*; when another one is
used, it is copied out and the other in: a tenth of a millisecond for two thousand tokens of a 7B model.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from models.engines.shape import Shape
from models.engines.tree import Tree, close_gaps


class CudaSlab:
    """Keys and values of one sequence, in the arena or copied out.

    Attributes:
        tokens: Ids whose keys and values are held, in order.
        tree: What the last pass wrote behind them, until some of it is committed; None if it was no tree.
        saved: ``[2 * n_layers, n_kv_heads, held, head_size]`` while it is not in the arena; None while it is.
    """

    def __init__(self, arena: Arena) -> None:
        """Hold nothing."""
        self.tokens: list[int] = []
        self.tree: Tree | None = None
        self.saved: Tensor | None = arena.empty
        self._bytes_each = arena.bytes_each

    @property
    def n_bytes(self) -> int:
        """Memory taken, in the arena or out of it."""
        return self.used_bytes if self.saved is None else self.saved.nbytes

    @property
    def used_bytes(self) -> int:
        """Memory of the keys and values held."""
        return self._bytes_each * len(self.tokens)


class Arena:
    """Memory for one slab of up to ``room`` tokens, and behind it scratch slots.

    Attributes:
        room: Tokens that a slab may grow to.
        scratch: The first scratch slot.
        keys: ``[n_kv_heads, slots, head_size]`` of each layer.  Slots that are not held are multiplied by nothing;
            nothing times NaN is NaN, so they hold zeros, or what was held before.
        values: The same.
        empty: What a slab without tokens has saved.
        bytes_each: Memory of one token.
    """

    def __init__(self, shape: Shape, room: int, n_scratch: int, dtype: torch.dtype, device: torch.device) -> None:
        """Set the memory aside."""
        self.room = self.scratch = room
        size = (2 * shape.n_layers, shape.n_kv_heads, room + n_scratch, shape.head_size)
        self._memory = torch.zeros(size, dtype=dtype, device=device)
        self.keys = tuple(self._memory[: shape.n_layers])
        self.values = tuple(self._memory[shape.n_layers :])
        self.empty = self._memory[:, :, :0]
        self.bytes_each = self._memory[:, :, :1].numel() * self._memory.itemsize
        # Weakly: a slab that nobody has any more need not be copied out.
        self._resident: Callable[[], CudaSlab | None] = lambda: None

    def bring_in(self, slab: CudaSlab) -> None:
        """Put a slab into the arena, and the one that was there aside."""
        if slab.saved is None:
            return
        resident = self._resident()
        if resident is not None:
            resident.saved = self.copy_of(resident, _reach(resident))
        if not slab.tokens:
            # Recording runs passes on empty buffers, where no token sees any, and numbers may have overflowed:
            # what that left behind goes.
            self._memory.zero_()
        reach = _reach(slab)
        self._memory[:, :, :reach] = slab.saved[:, :, :reach]
        slab.saved = None
        self._resident = weakref.ref(slab)

    def copy_of(self, slab: CudaSlab, length: int) -> Tensor:
        """Return a copy of the first ``length`` keys and values; on the host where the device's memory is full."""
        source = (self._memory if slab.saved is None else slab.saved)[:, :, :length]
        try:
            return source.clone()
        except torch.OutOfMemoryError:
            return source.to("cpu", copy=True)

    def move(self, start: int, path: Sequence[int]) -> None:
        """Close the gaps between slots ``start`` plus each index of ``path``."""
        close_gaps(self._memory, start, path)


def _reach(slab: CudaSlab) -> int:
    """Return the number of slots that a slab takes, those of a tree behind it included."""
    return len(slab.tokens) + (len(slab.tree.tokens) if slab.tree else 0)
