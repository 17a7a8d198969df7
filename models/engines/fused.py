"""An own forward pass for decoders of Llama's kind, at batch size one.

Beside transformers' modules it does with fewer and larger operations: one product for queries,
keys and values, one for both halves of the SwiGLU, one complex product for all rotary turns,
query heads of a group folded into the query positions instead of repeated keys and values, and
a slab in place of a cache that is copied at every step.

Letters in shapes: T tokens of the pass, L tokens in the slab after it, D units of a head,
K key and value heads, G query heads for each of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional as F

from models.engines.base import Rows, Slab
from models.engines.kv_slab import KVSlab
from models.engines.rope import RotaryTable, turn
from models.engines.shape import Shape, refusal
from models.engines.weights import Block, Weights

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class FusedEngine:
    """Runs Llama, Mistral, Qwen2 and Qwen3 decoders in the precision and on the device of their weights.

    Between products everything is float32 (float64 for float64): residuals, norms, turns, logits.
    """

    def __init__(self, shape: Shape, weights: Weights) -> None:
        """Take a decoder."""
        self.vocabulary_size = weights.vocabulary_size
        self.max_length = shape.max_length
        self._shape = shape
        self._weights = weights
        self._eps = torch.tensor(shape.norm_eps, dtype=weights.wide, device=weights.device)
        self._turns = RotaryTable(shape.rope, shape.head_size, weights.wide, weights.device)

    @classmethod
    def of(cls, model: PreTrainedModel) -> FusedEngine:
        """Take the weights of a transformers model; the model itself is needed no more.

        Raises:
            ValueError: The model is none that this engine runs.
        """
        reason = refusal(model)
        if reason:
            raise ValueError(f"the fused engine cannot run this model: {reason}")
        shape = Shape.of(model.config.to_dict())
        with torch.inference_mode():
            return cls(shape, Weights.of(model.state_dict(), shape))

    def new_slab(self) -> KVSlab:
        """Return an empty slab."""
        return KVSlab(self._shape, self._weights.dtype, self._weights.device)

    def forward(self, slab: Slab, tokens: Sequence[int]) -> Rows:
        """Append ``tokens`` (at least one) to the slab and return a row for each.

        Raises:
            ValueError: No tokens, or the slab would grow beyond ``max_length``.
        """
        slab = self._with_room(slab, len(tokens))
        with torch.inference_mode():
            here = self._pass(slab, tokens)
            hidden = self._embed(tokens)
            for layer, block in enumerate(self._weights.blocks):
                hidden = self._through(block, hidden, slab, layer, here)
            logits = self._weights.head(self._norm(hidden, self._weights.norm))
        slab.tokens.extend(tokens)
        return Rows(logits)

    def extend(self, slab: Slab, tokens: Sequence[int]) -> None:
        """Append ``tokens`` (at least one) to the slab.

        Neither the logits are computed, nor what of the last layer is not keys and values.

        Raises:
            ValueError: No tokens, or the slab would grow beyond ``max_length``.
        """
        slab = self._with_room(slab, len(tokens))
        *blocks, last = self._weights.blocks
        with torch.inference_mode():
            here = self._pass(slab, tokens)
            hidden = self._embed(tokens)
            for layer, block in enumerate(blocks):
                hidden = self._through(block, hidden, slab, layer, here)
            self._write(last, hidden, slab, len(blocks), here)
        slab.tokens.extend(tokens)

    def truncate(self, slab: Slab, length: int) -> None:
        """Drop everything from position ``length`` on.

        Raises:
            ValueError: ``length`` is negative or beyond the slab's length.
        """
        slab = _own(slab)
        if not 0 <= length <= len(slab.tokens):
            raise ValueError(f"cannot cut a slab of {len(slab.tokens)} tokens to {length}")
        del slab.tokens[length:]

    def _with_room(self, slab: Slab, n_tokens: int) -> KVSlab:
        slab = _own(slab)
        end = len(slab.tokens) + n_tokens
        if not n_tokens:
            raise ValueError("a forward pass needs at least one token")
        if end > self.max_length:
            raise ValueError(f"{end} tokens are more than the model's {self.max_length}")
        with torch.inference_mode():
            slab.make_room(end)
        return slab

    def _pass(self, slab: KVSlab, tokens: Sequence[int]) -> _Pass:
        start, end = len(slab.tokens), len(slab.tokens) + len(tokens)
        mask = None
        if len(tokens) > 1:
            ahead = torch.full((len(tokens), end), -torch.inf, dtype=self._weights.dtype, device=self._weights.device)
            mask = ahead.triu_(start + 1).repeat(self._shape.n_heads // self._shape.n_kv_heads, 1)
        return _Pass(start, end, self._turns.rows(start, end), mask)

    def _embed(self, tokens: Sequence[int]) -> Tensor:
        ids = torch.tensor(tokens, device=self._weights.device)
        return self._weights.embedding[ids].to(self._weights.wide)

    def _norm(self, hidden: Tensor, weight: Tensor) -> Tensor:
        """RMSNorm over the last dimension (Zhang and Sennrich 2019), with half the operations of torch's on a CPU."""
        length = torch.linalg.vector_norm(hidden, dim=-1, keepdim=True)
        mean_square = torch.addcmul(self._eps, length, length, value=1 / hidden.shape[-1])
        return (hidden * mean_square.rsqrt_()).mul_(weight)

    def _through(self, block: Block, hidden: Tensor, slab: KVSlab, layer: int, here: _Pass) -> Tensor:
        """Take hidden states ``[T, width]`` through one block."""
        shape, dtype, n_tokens = self._shape, self._weights.dtype, len(hidden)
        queries = self._write(block, hidden, slab, layer, here)
        keys, values = slab.keys[layer][:, :, : here.end], slab.values[layer][:, :, : here.end]
        mixed = F.scaled_dot_product_attention(queries, keys, values, attn_mask=here.mask)
        heads = mixed.reshape(shape.n_heads, n_tokens, shape.head_size).transpose(0, 1).reshape(n_tokens, -1)
        hidden = hidden + block.output(heads)
        gate, up = block.gate_up(self._norm(hidden, block.mlp_norm).to(dtype)).chunk(2, dim=-1)
        return hidden + block.down(F.silu(gate) * up)

    def _write(self, block: Block, hidden: Tensor, slab: KVSlab, layer: int, here: _Pass) -> Tensor:
        """Write keys and values into the slab and return the queries ``[1, K, G * T, D]``."""
        shape, dtype, n_tokens = self._shape, self._weights.dtype, len(hidden)
        n_turned = shape.n_heads + shape.n_kv_heads
        qkv = block.qkv(self._norm(hidden, block.attention_norm).to(dtype)).view(n_tokens, -1, shape.head_size)
        heads = qkv[:, :n_turned]
        if block.qk_norm is not None:
            heads = self._norm(heads.to(self._weights.wide), block.qk_norm)
        heads = turn(heads, here.turns)
        slab.keys[layer][0, :, here.start : here.end] = heads[:, shape.n_heads :].transpose(0, 1)
        slab.values[layer][0, :, here.start : here.end] = qkv[:, n_turned:].transpose(0, 1)
        queries = heads[:, : shape.n_heads].to(dtype).transpose(0, 1)
        return queries.reshape(1, shape.n_kv_heads, -1, shape.head_size)


@dataclass(frozen=True, slots=True)
class _Pass:
    """What all layers of one pass share: tokens ``start`` to ``end``, their turns, the mask ``[G * T, L]``."""

    start: int
    end: int
    turns: Tensor
    mask: Tensor | None


def _own(slab: Slab) -> KVSlab:
    if not isinstance(slab, KVSlab):
        raise TypeError(f"slab is a {type(slab).__name__}; take one from this engine's new_slab()")
    return slab
