"""What a recorded pass reads, at addresses that never change."""

from __future__ import annotations

import torch
from torch import Tensor

from models.engines.tree import Tree


class Inputs:
    """Buffers of a pass over ``width`` tokens, fewer ones padded: views of one tensor, filled by one copy.

    A padding token stands at position 0, sees itself, and writes to a scratch slot of its own, so that
    nothing it does is ever read.

    Attributes:
        width: T.
        length: ``[1]``, how many tokens are held before the pass.
        tokens: ``[T]``.
        positions: ``[T]``, by depth in the tree.
        slots: ``[T]``, where keys and values go.
        seen: ``[T, T]``, 1 where a token sees another.
    """

    def __init__(self, width: int, device: torch.device) -> None:
        """Set the memory aside."""
        self.width = width
        size = 1 + 3 * width + width * width
        # Page-locked memory is copied to a graphics card without a detour.
        self._host = torch.zeros(size, dtype=torch.long, pin_memory=device.type == "cuda")
        self._device = torch.zeros(size, dtype=torch.long, device=device)
        self.length, self.tokens, self.positions, self.slots, self.seen = self._views(self._device)

    def fill(self, tree: Tree, start: int, scratch: int) -> None:
        """Put a tree in.

        Args:
            tree: At most ``width`` tokens.
            start: How many tokens are held before it.
            scratch: The first of ``width`` slots for padding.
        """
        length, tokens, positions, slots, seen = self._views(self._host)
        n_tokens = len(tree.tokens)
        self._host.zero_()
        length.fill_(start)
        tokens[:n_tokens] = torch.tensor(tree.tokens)
        positions[:n_tokens] = torch.tensor(tree.depths) + start
        slots.copy_(torch.arange(self.width) + scratch)
        slots[:n_tokens] = torch.arange(n_tokens) + start
        seen.fill_diagonal_(1)
        seen[:n_tokens, :n_tokens] = tree.sees()
        self._device.copy_(self._host)

    def _views(self, memory: Tensor) -> tuple[Tensor, ...]:
        width = self.width
        parts = torch.split(memory, [1, width, width, width, width * width])
        return (*parts[:-1], parts[-1].view(width, width))
