"""Attention of a tree of tokens to what is held and to itself, with sizes that do not depend on either.

Two products, one with the keys held and one with the tree's own, share a softmax.  That is what merging
two softmaxes by their log-sum-exp amounts to, in a third of the kernels.  Query heads of a group are
folded into the query positions, so that keys and values are not repeated for them.

Letters in shapes: T tokens of the pass, C tokens held (padded), D units of a head, K key and value
heads, H query heads, G query heads for each key head.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Bias:
    """What is added to scores: 0 where a token may look, else minus infinity.  The same for all layers.

    Attributes:
        held: ``[C]``.
        own: ``[G * T, T]``; each token sees itself, so no row is without an end.
    """

    held: Tensor
    own: Tensor

    @classmethod
    def of(cls, length: Tensor, seen: Tensor, context: int, groups: int, wide: torch.dtype) -> Bias:
        """Make it on the device.

        Args:
            length: ``[1]``, how many of the C are held.
            seen: ``[T, T]``, 1 where a token sees another.
            context: C.
            groups: G.
            wide: Precision of the scores.
        """
        beyond = torch.arange(context, device=length.device) >= length
        held = torch.zeros(context, dtype=wide, device=length.device).masked_fill_(beyond, -torch.inf)
        own = torch.zeros(seen.shape, dtype=wide, device=seen.device).masked_fill_(seen == 0, -torch.inf)
        return cls(held, own.repeat(groups, 1))


def attend(queries: Tensor, held: tuple[Tensor, Tensor], own: tuple[Tensor, Tensor], bias: Bias) -> Tensor:
    """Return what each query finds, ``[T, H * D]``.

    Args:
        queries: ``[T, H, D]``.
        held: Keys and values ``[K, C, D]``; where the bias keeps tokens from looking they still have to be finite,
            because nothing times NaN is NaN.
        own: Keys and values of the tree ``[K, T, D]``.
        bias: Where each may look.
    """
    n_tokens, n_heads, head_size = queries.shape
    folded, scale = queries.transpose(0, 1).reshape(own[0].shape[0], -1, head_size), head_size**-0.5
    scores = (
        torch.add(bias.held, wide_product(folded, held[0].mT), alpha=scale),
        torch.add(bias.own, wide_product(folded, own[0].mT), alpha=scale),
    )
    shares = torch.cat(scores, dim=-1).softmax(dim=-1).to(queries.dtype)
    context = len(bias.held)
    mixed = wide_product(shares[:, :, :context], held[1]) + wide_product(shares[:, :, context:], own[1])
    return mixed.to(queries.dtype).view(n_heads, n_tokens, head_size).transpose(0, 1).reshape(n_tokens, -1)


def wide_product(left: Tensor, right: Tensor) -> Tensor:
    """Return ``left @ right`` of ``[batch, m, k]`` and ``[batch, k, n]``, in no less than float32.

    Scores rounded to 16 bits would be off by hundredths.
    """
    if left.dtype not in (torch.bfloat16, torch.float16):
        return torch.bmm(left, right)
    if left.is_cuda:
        return torch.bmm(left, right, out_dtype=torch.float32)
    return torch.bmm(left.float(), right.float())
