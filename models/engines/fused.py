"""An own engine for decoders of Llama's kind, on a CPU or, one kernel after the other, on a graphics card.

A slab stands in place of a cache that is copied at every step, and query heads of a group are folded
into the query positions instead of repeating keys and values for them.

Letters in shapes: T tokens of the pass, L tokens in the slab after it, D units of a head,
K key and value heads, H query heads, G query heads for each key head.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional as F

from models.engines.base import Pass, Rows, Slab, require_own_slabs
from models.engines.decoder import Decoder
from models.engines.kv_slab import KVSlab
from models.engines.rope import RotaryTable
from models.engines.shape import Shape, refusal
from models.engines.slab_engine import SlabEngine
from models.engines.tree import Tree
from models.engines.weights import Weights

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class FusedEngine(SlabEngine):
    """Runs Llama, Mistral, Qwen2 and Qwen3 decoders in the precision and on the device of their weights."""

    def __init__(self, shape: Shape, weights: Weights) -> None:
        """Take a decoder."""
        super().__init__(shape, weights.vocabulary_size, weights.dtype, weights.device)
        self._shape = shape
        self._weights = weights
        self._decoder = Decoder(shape, weights)
        self._turns = RotaryTable(shape.rope, shape.head_size, weights.wide, weights.device)

    @classmethod
    def of(cls, model: PreTrainedModel, int8: bool = False) -> FusedEngine:
        """Take the weights of a transformers model, in 8 bits if wanted; the model itself is needed no more.

        Raises:
            ValueError: The model is none that this engine runs.
        """
        reason = refusal(model)
        if reason:
            raise ValueError(f"the fused engine cannot run this model: {reason}")
        shape = Shape.of(model.config.to_dict())
        with torch.inference_mode():
            return cls(shape, Weights.of(model.state_dict(), shape, int8))

    def forward(self, slab: Slab, tokens: Sequence[int]) -> Rows:
        """Append ``tokens`` (at least one) to the slab and return a row for each.

        Raises:
            ValueError: No tokens, or the slab would grow beyond ``max_length``.
        """
        slab = self.with_room(slab, len(tokens))
        start, end = len(slab.tokens), len(slab.tokens) + len(tokens)
        with torch.inference_mode():
            memory = _Held(slab, start, end, self._chain_mask(start, end))
            rows = self._decoder.rows(self._ids(tokens), self._turns.rows(start, end), memory)
        slab.tokens.extend(tokens)
        return rows

    def forward_each(self, passes: Sequence[Pass]) -> list[Rows]:
        """Do several passes at once; only attention is done for each slab by itself.

        Raises:
            ValueError: A slab would grow beyond ``max_length``, or is in two passes.
        """
        require_own_slabs(passes)
        parts, turns = [], []
        for one in passes:
            slab = self.with_room(one.slab, len(one.tokens))
            start, end = len(slab.tokens), len(slab.tokens) + len(one.tokens)
            parts.append(_Held(slab, start, end, self._chain_mask(start, end)))
            turns.append(self._turns.rows(start, end))
        with torch.inference_mode():
            ids = self._ids([token for one in passes for token in one.tokens])
            rows = self._decoder.rows(ids, torch.cat(turns), _Several(tuple(parts)))
        for part, one in zip(parts, passes, strict=True):
            part.slab.tokens.extend(one.tokens)
        return rows.split([len(one.tokens) for one in passes])

    def forward_tree(self, slab: Slab, tree: Tree) -> Rows:
        """Return a row for each token of ``tree``, which the slab holds only once it is committed.

        Raises:
            ValueError: The slab would grow beyond ``max_length``.
        """
        slab = self.with_room(slab, len(tree.tokens))
        start, end, depths = len(slab.tokens), len(slab.tokens) + len(tree.tokens), tree.depths
        with torch.inference_mode():
            memory = _Held(slab, start, end, self._tree_mask(start, tree))
            turns = self._turns.rows(start, start + max(depths) + 1)[self._ids(depths)]
            rows = self._decoder.rows(self._ids(tree.tokens), turns, memory)
        slab.tree = tree
        return rows

    def extend(self, slab: Slab, tokens: Sequence[int]) -> None:
        """Append ``tokens`` (at least one) to the slab.

        Neither the logits are computed, nor what of the last layer is not keys and values.

        Raises:
            ValueError: No tokens, or the slab would grow beyond ``max_length``.
        """
        slab = self.with_room(slab, len(tokens))
        start, end = len(slab.tokens), len(slab.tokens) + len(tokens)
        with torch.inference_mode():
            memory = _Held(slab, start, end, self._chain_mask(start, end))
            self._decoder.fill(self._ids(tokens), self._turns.rows(start, end), memory)
        slab.tokens.extend(tokens)

    def _ids(self, values: Sequence[int]) -> Tensor:
        return torch.tensor(values, device=self._weights.device)

    def _chain_mask(self, start: int, end: int) -> Tensor | None:
        """Return what keeps each token from those behind it, ``[G * T, L]``; None for one token."""
        if end - start == 1:
            return None
        return self._for_groups(self._nothing(end - start, end).triu_(start + 1))

    def _tree_mask(self, start: int, tree: Tree) -> Tensor:
        """Return what keeps each token from all but the slab, its ancestors and itself, ``[G * T, L]``."""
        mask = self._nothing(len(tree.tokens), start + len(tree.tokens))
        mask[:, :start] = 0
        mask[:, start:].masked_fill_(tree.sees().to(mask.device), 0)
        return self._for_groups(mask)

    def _nothing(self, n_tokens: int, end: int) -> Tensor:
        return torch.full((n_tokens, end), -torch.inf, dtype=self._weights.dtype, device=self._weights.device)

    def _for_groups(self, mask: Tensor) -> Tensor:
        return mask.repeat(self._shape.n_heads // self._shape.n_kv_heads, 1)


@dataclass(frozen=True, slots=True)
class _Held:
    """A slab as the memory of the pass over its positions ``start`` to ``end``, under a mask ``[G * T, L]``."""

    slab: KVSlab
    start: int
    end: int
    mask: Tensor | None

    def hold(self, layer: int, keys: Tensor, values: Tensor) -> None:
        """Write them to the slab."""
        self.slab.keys[layer][0, :, self.start : self.end] = keys.transpose(0, 1)
        self.slab.values[layer][0, :, self.start : self.end] = values.transpose(0, 1)

    def attend(self, layer: int, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """Attend to the slab up to ``end``."""
        self.hold(layer, keys, values)
        n_tokens, n_heads, head_size = queries.shape
        folded = queries.transpose(0, 1).reshape(1, keys.shape[1], -1, head_size)
        held_keys, held_values = self.slab.keys[layer][:, :, : self.end], self.slab.values[layer][:, :, : self.end]
        mixed = F.scaled_dot_product_attention(folded, held_keys, held_values, attn_mask=self.mask)
        return mixed.reshape(n_heads, n_tokens, head_size).transpose(0, 1).reshape(n_tokens, -1)


@dataclass(frozen=True, slots=True)
class _Several:
    """Slabs side by side, as the memory of one pass over their new positions in turn."""

    parts: tuple[_Held, ...]

    def hold(self, layer: int, keys: Tensor, values: Tensor) -> None:
        """Write to each slab what is its own."""
        for part, own_keys, own_values in zip(self.parts, *self._split(keys, values), strict=True):
            part.hold(layer, own_keys, own_values)

    def attend(self, layer: int, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """Attend to each slab with its own queries."""
        own = zip(self.parts, *self._split(queries, keys, values), strict=True)
        return torch.cat([part.attend(layer, *theirs) for part, *theirs in own])

    def _split(self, *tensors: Tensor) -> Iterator[tuple[Tensor, ...]]:
        sizes = [part.end - part.start for part in self.parts]
        return (torch.split(tensor, sizes) for tensor in tensors)
