"""A decoder's weights as the fused engine uses them, made from a checkpoint's state dict."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from models.engines.linear import Linear, fits_half, head, linear, linear_in_int8
from models.engines.rope import side_by_side
from models.engines.shape import EMBEDDING, HEAD, NORM, Shape

Product = Callable[[Tensor, Tensor | None], Linear]


@dataclass(frozen=True, slots=True)
class Block:
    """One layer.

    Attributes:
        attention_norm: ``[width]``.
        qkv: To queries, keys and values of all heads; pairs of queries and keys side by side.
        qk_norm: ``[n_heads + n_kv_heads, head_size]``, or None.
        output: From all heads to ``width``.
        mlp_norm: ``[width]``.
        gate_up: To both halves of the SwiGLU.
        down: Back to ``width``.
    """

    attention_norm: Tensor
    qkv: Linear
    qk_norm: Tensor | None
    output: Linear
    mlp_norm: Tensor
    gate_up: Linear
    down: Linear


@dataclass(frozen=True, slots=True)
class Weights:
    """All of a decoder.

    Attributes:
        embedding: ``[vocabulary, width]``, in 16 bits where that loses nothing.
        blocks: The layers.
        norm: ``[width]``.
        head: From normalised float32 or float64 states to logits.
        vocabulary_size: Columns of the logits.
        dtype: Of the inputs of ``Block``'s products, and of keys and values.
        wide: Of everything between them: float64 for float64, else float32.
        device: Where all of it is.
    """

    embedding: Tensor
    blocks: tuple[Block, ...]
    norm: Tensor
    head: Linear
    vocabulary_size: int
    dtype: torch.dtype
    wide: torch.dtype
    device: torch.device

    @classmethod
    def of(cls, state: Mapping[str, Tensor], shape: Shape, int8: bool = False) -> Weights:
        """Fuse a state dict as ``shape.weight_sizes`` describes it; a missing head is the embedding's.

        With ``int8`` all products are in 8 bits; what is between them keeps its precision, float32.

        Each weight is read once and let go before the next, so a mapping that reads files needs little memory.
        """
        embedding, to_logits, dtype = _ends(state, linear_in_int8 if int8 else head)
        wide = torch.float64 if dtype == torch.float64 else torch.float32
        product = linear_in_int8 if int8 else linear
        return cls(
            embedding=embedding,
            blocks=tuple(
                _block(state, f"model.layers.{layer}.", shape, wide, product) for layer in range(shape.n_layers)
            ),
            norm=state[NORM].detach().to(wide),
            head=to_logits,
            vocabulary_size=len(embedding),
            dtype=dtype,
            wide=wide,
            device=embedding.device,
        )


def _ends(state: Mapping[str, Tensor], head_of: Callable[[Tensor], Linear]) -> tuple[Tensor, Linear, torch.dtype]:
    """Return the embedding as it is kept, the head, and the precision of the weights."""
    embedding = state[EMBEDDING].detach()
    to_logits = head_of(state.get(HEAD, embedding).detach())
    kept = embedding.half() if embedding.dtype == torch.float32 and fits_half(embedding) else embedding
    return kept, to_logits, embedding.dtype


def _block(state: Mapping[str, Tensor], name: str, shape: Shape, wide: torch.dtype, product: Product) -> Block:
    def fused(*parts: str) -> Linear:
        weight = stacked(state, [f"{name}{part}_proj.weight" for part in parts], shape)
        bias = stacked(state, [f"{name}{part}_proj.bias" for part in parts], shape)
        assert weight is not None
        return product(weight, bias)

    return Block(
        attention_norm=state[f"{name}input_layernorm.weight"].detach().to(wide),
        qkv=fused("self_attn.q", "self_attn.k", "self_attn.v"),
        qk_norm=head_norms(state, name, shape, wide),
        output=fused("self_attn.o"),
        mlp_norm=state[f"{name}post_attention_layernorm.weight"].detach().to(wide),
        gate_up=fused("mlp.gate", "mlp.up"),
        down=fused("mlp.down"),
    )


def stacked(state: Mapping[str, Tensor], names: list[str], shape: Shape) -> Tensor | None:
    """Put weights or biases under each other; None if there are none."""
    parts = [state[name].detach() for name in names if name in state]
    if not parts:
        return None
    turned = (".q_proj.", ".k_proj.")
    return torch.cat(
        [
            side_by_side(part, shape.head_size) if any(mark in name for mark in turned) else part
            for name, part in zip(names, parts, strict=True)
        ]
    )


def head_norms(state: Mapping[str, Tensor], name: str, shape: Shape, wide: torch.dtype) -> Tensor | None:
    """Return the norms' weights, a row for each query and each key head."""
    if f"{name}self_attn.q_norm.weight" not in state:
        return None
    rows = [
        side_by_side(state[f"{name}self_attn.{part}_norm.weight"].detach(), shape.head_size).expand(n_heads, -1)
        for part, n_heads in (("q", shape.n_heads), ("k", shape.n_kv_heads))
    ]
    return torch.cat(rows).to(wide)
