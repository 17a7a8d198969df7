"""The forward pass of a decoder of Llama's kind, at batch size one, without a memory of positions.

Beside transformers' modules it does with fewer and larger operations: one product for queries, keys
and values, one for both halves of the SwiGLU, one complex product for all rotary turns.  Where keys
and values live and how they are attended to is its caller's: see ``Memory``.

Letters in shapes: T tokens of the pass, D units of a head, K key and value heads, H query heads.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

from models.engines.base import Rows
from models.engines.rope import turn
from models.engines.shape import Shape
from models.engines.weights import Block, Weights


class Memory(Protocol):
    """Keys and values of all that the tokens of one pass may look at."""

    def hold(self, layer: int, keys: Tensor, values: Tensor) -> None:
        """Keep ``[T, K, D]`` of the pass's own tokens, in whatever precision they come."""

    def attend(self, layer: int, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """Hold keys and values, then return what queries ``[T, H, D]`` find, heads beside each other ``[T, H * D]``."""


class Decoder:
    """Runs Llama, Mistral, Qwen2 and Qwen3 decoders in the precision and on the device of their weights.

    Between products everything is float32 (float64 for float64): residuals, norms, turns, logits.
    """

    def __init__(self, shape: Shape, weights: Weights) -> None:
        """Take a decoder's numbers and weights."""
        self._shape = shape
        self._weights = weights
        self._eps = torch.tensor(shape.norm_eps, dtype=weights.wide, device=weights.device)
        self._norm = self._norm_fused if weights.device.type == "cuda" else self._norm_short

    def rows(self, ids: Tensor, turns: Tensor, memory: Memory) -> Rows:
        """Return a row for each token, and the states that they are made of.

        Args:
            ids: ``[T]`` tokens.
            turns: ``[T, 1, D/2]`` complex rotary turns of their positions.
            memory: Where their keys and values go.
        """
        hidden = self._embed(ids)
        for layer, block in enumerate(self._weights.blocks):
            hidden = self._through(block, hidden, turns, memory, layer)
        states = self._norm(hidden, self._weights.norm)
        return Rows(self._weights.head(states), states)

    def fill(self, ids: Tensor, turns: Tensor, memory: Memory) -> None:
        """Do as ``rows``, but compute neither logits nor what of the last layer is not keys and values."""
        *blocks, last = self._weights.blocks
        hidden = self._embed(ids)
        for layer, block in enumerate(blocks):
            hidden = self._through(block, hidden, turns, memory, layer)
        _, keys, values = self._project(last, hidden, turns)
        memory.hold(len(blocks), keys, values)

    def _embed(self, ids: Tensor) -> Tensor:
        return self._weights.embedding[ids].to(self._weights.wide)

    def _through(self, block: Block, hidden: Tensor, turns: Tensor, memory: Memory, layer: int) -> Tensor:
        """Take hidden states ``[T, width]`` through one block."""
        hidden = hidden + block.output(memory.attend(layer, *self._project(block, hidden, turns)))
        gate, up = block.gate_up(self._norm(hidden, block.mlp_norm).to(self._weights.dtype)).chunk(2, dim=-1)
        return hidden + block.down(F.silu(gate) * up)

    def _project(self, block: Block, hidden: Tensor, turns: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return queries, in the precision of the products, keys and values."""
        shape, weights = self._shape, self._weights
        n_turned = shape.n_heads + shape.n_kv_heads
        qkv = block.qkv(self._norm(hidden, block.attention_norm).to(weights.dtype))
        qkv = qkv.view(len(hidden), -1, shape.head_size)
        heads = qkv[:, :n_turned]
        if block.qk_norm is not None:
            heads = self._norm(heads.to(weights.wide), block.qk_norm)
        heads = turn(heads, turns)
        return heads[:, : shape.n_heads].to(weights.dtype), heads[:, shape.n_heads :], qkv[:, n_turned:]

    def _norm_short(self, hidden: Tensor, weight: Tensor) -> Tensor:
        """RMSNorm over the last dimension (Zhang and Sennrich 2019), with half the operations of torch's on a CPU."""
        length = torch.linalg.vector_norm(hidden, dim=-1, keepdim=True)
        mean_square = torch.addcmul(self._eps, length, length, value=1 / hidden.shape[-1])
        return (hidden * mean_square.rsqrt_()).mul_(weight)

    def _norm_fused(self, hidden: Tensor, weight: Tensor) -> Tensor:
        """RMSNorm by torch's kernel for graphics cards; a weight a head is applied behind it."""
        size, eps = hidden.shape[-1:], self._shape.norm_eps
        if weight.ndim == 1:
            return F.rms_norm(hidden, size, weight, eps)
        return F.rms_norm(hidden, size, None, eps) * weight
