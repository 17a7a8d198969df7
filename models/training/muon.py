"""Muon: momentum whose update is made orthogonal by Newton-Schulz steps (Jordan et al. 2024).

Matrices of one shape are orthogonalised together in one batched product. Unlike the original the
products run in bfloat16 only where the caller says so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

NEWTON_SCHULZ_STEPS = 5
_COEFFICIENTS = (3.4445, -4.7750, 2.0315)


class Muon(torch.optim.Optimizer):
    """Optimiser for hidden matrices [rows, columns]; use AdamW for everything else."""

    def __init__(self, params: Iterable[Tensor], lr: float, momentum: float, weight_decay: float, dtype: torch.dtype):
        """`dtype` is the type in which updates are made orthogonal."""
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})
        self._dtype = dtype

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Update every matrix that has a gradient."""
        for group in self.param_groups:
            by_shape: dict[torch.Size, list[Tensor]] = defaultdict(list)
            for weight in group["params"]:
                if weight.grad is not None:
                    by_shape[weight.shape].append(weight)
            for weights in by_shape.values():
                self._update(weights, group)

    def _update(self, weights: list[Tensor], group: dict[str, Any]) -> None:
        looks_ahead = torch.stack([self._nesterov(weight, group["momentum"]) for weight in weights])
        rows, columns = weights[0].shape
        scale = max(1.0, rows / columns) ** 0.5
        for weight, direction in zip(weights, orthogonalised(looks_ahead, self._dtype), strict=True):
            weight.mul_(1 - group["lr"] * group["weight_decay"])
            weight.add_(direction.to(weight.dtype), alpha=-group["lr"] * scale)

    def _nesterov(self, weight: Tensor, momentum: float) -> Tensor:
        assert weight.grad is not None
        state = self.state[weight]
        if "momentum" not in state:
            state["momentum"] = torch.zeros_like(weight)
        average: Tensor = state["momentum"].lerp_(weight.grad, 1 - momentum)
        return weight.grad.lerp(average, momentum)


def orthogonalised(matrices: Tensor, dtype: torch.dtype) -> Tensor:
    """Return the nearest semi-orthogonal matrices, roughly: singular values end between 0.7 and 1.2.

    `matrices` [n, rows, columns].
    """
    first, second, third = _COEFFICIENTS
    tall = matrices.shape[1] > matrices.shape[2]
    x: Tensor = (matrices.mT if tall else matrices).to(dtype)
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(NEWTON_SCHULZ_STEPS):
        gram = x @ x.mT
        x = first * x + (second * gram + third * gram @ gram) @ x
    return x.mT if tall else x
