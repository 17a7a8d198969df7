"""What the model thought of the tokens that might have come, from the row of one that did."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from analysis.facts import FactView
from decoding.watch import Watch
from monitors.base import Check


def best(row: torch.Tensor, count: int) -> list[tuple[int, float]]:
    """Return the most likely tokens with their raw probabilities (temperature 1), best first.

    Args:
        row: ``[V]`` raw logits.
        count: How many.
    """
    values, tokens = torch.topk(row.float(), min(count, len(row)))
    shares = torch.exp(values - torch.logsumexp(row.float(), dim=-1))
    return list(zip(tokens.tolist(), shares.tolist(), strict=True))


def probabilities(row: torch.Tensor, tokens: Sequence[int]) -> list[float]:
    """Return the raw probabilities of some tokens."""
    wide = row.float()
    shares = torch.exp(wide[list(tokens)] - torch.logsumexp(wide, dim=-1))
    return [float(share) for share in shares]


def grounds(before: Watch, monitor: str, data: bytes, view: FactView) -> Check | None:
    """Return what a monitor checked a refused text against; None if it needs no facts.

    The text is ended with a blank, since a name is looked up when it is finished.

    Args:
        before: The monitors' states where it was refused.
        monitor: Name of the monitor that refused it.
        data: The text's bytes.
        view: Facts known.
    """
    alone = before.alone(monitor)
    known = len(alone.checks())
    found = alone.advance(data + b" ", view).checks()[known:]
    return next((check for check in found if not check.listed), None)
