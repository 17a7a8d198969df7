"""Cross entropy of a tied head without ever holding all logits.

At 16,384 words the logits of one step outweigh everything else, so they are made in single
precision chunk by chunk and kept only as gradients in the type of the products (the idea of Liger's
fused linear cross entropy). 256 positions a chunk measured fastest on a CPU with 32 MB of cache.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.nn import functional as F

CHUNK_TOKENS = 256


def next_token_loss(hidden: Tensor, embedding: Tensor, targets: Tensor, weights: Tensor, dtype: torch.dtype) -> Tensor:
    """Return the weighted mean loss in nats per token.

    `hidden` [B, T, H], `embedding` [vocabulary, H], `targets` and their `weights` [B, T]; matrix
    products run in `dtype`.
    """
    shares = (weights / weights.sum()).flatten()
    loss: Tensor = _TiedCrossEntropy.apply(  # type: ignore[no-untyped-call]
        hidden.flatten(0, 1), embedding, targets.flatten(), shares, dtype
    )
    return loss


def middle_weights(ids: Tensor, middle_id: int, end_id: int, weight: float) -> Tensor:
    """Weigh the targets of rows `ids` [B, T + 1]: `weight` inside a middle and for its end, else 1.

    The result [B, T] belongs to `ids[:, 1:]`. A middle runs from the middle token to the end token.
    """
    places = torch.arange(ids.shape[1], device=ids.device).expand_as(ids)
    last_middle = torch.where(ids == middle_id, places, -1).cummax(dim=1).values
    last_end = torch.where(ids == end_id, places, -1).cummax(dim=1).values
    return torch.where(last_middle > last_end, weight, 1.0)[:, :-1]


@torch.no_grad()
def summed_loss(hidden: Tensor, embedding: Tensor, targets: Tensor) -> float:
    """Return the sum of the losses of all positions in nats, without gradients. Shapes as above."""
    total = 0.0
    chunks = zip(
        torch.split(hidden.flatten(0, 1), CHUNK_TOKENS), torch.split(targets.flatten(), CHUNK_TOKENS), strict=True
    )
    for states, wanted in chunks:
        logits = F.linear(states, embedding.to(states.dtype)).float()
        total += F.cross_entropy(logits, wanted, reduction="sum").item()
    return total


class _TiedCrossEntropy(Function):
    @staticmethod
    def forward(
        ctx: Any, hidden: Tensor, embedding: Tensor, targets: Tensor, shares: Tensor, dtype: torch.dtype
    ) -> Tensor:
        head, states = embedding.to(dtype), hidden.to(dtype)
        errors = torch.empty(len(states), len(head), dtype=dtype, device=states.device)
        total = hidden.new_zeros((), dtype=torch.float32)
        for start in range(0, len(states), CHUNK_TOKENS):
            chunk = slice(start, start + CHUNK_TOKENS)
            total += _chunk_loss(states[chunk] @ head.T, targets[chunk, None], shares[chunk, None], errors[chunk])
        # A frozen head needs no gradient, which is a third of the products.
        ctx.save_for_backward(errors @ head, errors.T @ states if ctx.needs_input_grad[1] else None)
        return total

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor | None, None, None, None]:
        grad_states, grad_head = ctx.saved_tensors
        of_head = None if grad_head is None else grad_head.float() * grad
        return grad_states.float() * grad, of_head, None, None, None


def _chunk_loss(logits: Tensor, targets: Tensor, shares: Tensor, errors: Tensor) -> Tensor:
    """Return the loss of a chunk and write its gradient for the logits [n, vocabulary] into `errors`."""
    logits = logits.float()
    totals = logits.logsumexp(dim=-1, keepdim=True)
    loss = ((totals - logits.gather(1, targets)) * shares).sum()
    probabilities = logits.sub_(totals).exp_()
    probabilities.scatter_add_(1, targets, probabilities.new_full(targets.shape, -1.0))
    errors.copy_(probabilities.mul_(shares))
    return loss
