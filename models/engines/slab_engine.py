"""What engines have in common whose sequences live in a ``KVSlab``: all but the passes."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from models.engines.base import Slab, require_held, require_room
from models.engines.blocks import Blocks
from models.engines.kv_slab import KVSlab
from models.engines.shape import Shape
from models.engines.tree import require_tree


class SlabEngine:
    """Makes slabs, copies them, and takes tokens back.

    Attributes:
        vocabulary_size: Columns of a row.
        max_length: Tokens of a slab, at most.
    """

    def __init__(self, shape: Shape, vocabulary_size: int, dtype: torch.dtype, device: torch.device) -> None:
        """Take what a slab is to be like."""
        self.vocabulary_size = vocabulary_size
        self.max_length = shape.max_length
        self._held = (shape, dtype, device, Blocks(device))

    def new_slab(self) -> KVSlab:
        """Return an empty slab."""
        return KVSlab(*self._held)

    def reserve(self, slab: Slab, length: int) -> None:
        """Take memory for so many tokens at once, as far as a slab may have them."""
        with torch.inference_mode():
            _own(slab).make_room(min(length, self.max_length))

    def commit(self, slab: Slab, path: Sequence[int]) -> None:
        """Append the tokens of the last tree that ``path`` goes down, and drop the others.

        Raises:
            ValueError: There is no such path, or the last pass was over no tree.
        """
        slab = _own(slab)
        tree = require_tree(slab.tree, path)
        with torch.inference_mode():
            slab.move(len(slab.tokens), path)
        slab.tokens.extend(tree.tokens[node] for node in path)
        slab.tree = None

    def fork(self, slab: Slab, length: int) -> KVSlab:
        """Return a new slab with a copy of the first ``length`` tokens.

        Raises:
            ValueError: ``length`` is negative or beyond the slab's length.
        """
        slab, copy = _own(slab), self.new_slab()
        require_held(slab, length)
        with torch.inference_mode():
            copy.copied_from(slab, length)
        return copy

    def truncate(self, slab: Slab, length: int) -> None:
        """Drop everything from position ``length`` on.

        Raises:
            ValueError: ``length`` is negative or beyond the slab's length.
        """
        slab = _own(slab)
        require_held(slab, length)
        del slab.tokens[length:]
        slab.tree = None

    def with_room(self, slab: Slab, n_tokens: int) -> KVSlab:
        """Return the slab with memory for so many more tokens; what was held of a tree is dropped.

        Raises:
            ValueError: None, or the slab would grow beyond ``max_length``.
        """
        slab = _own(slab)
        require_room(slab, n_tokens, self.max_length)
        slab.tree = None
        end = len(slab.tokens) + n_tokens
        if end > slab.room:
            with torch.inference_mode():
                slab.make_room(end)
        return slab


def _own(slab: Slab) -> KVSlab:
    if not isinstance(slab, KVSlab):
        raise TypeError(f"slab is a {type(slab).__name__}; take one from this engine's new_slab()")
    return slab
