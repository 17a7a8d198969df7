"""Checkpoints that a run goes on from as if it had never stopped."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from torch import nn

FILE_NAME = "checkpoint.pt"


@dataclass
class Position:
    """Where a run is. `rows_used` counts the rows read in each stage."""

    step: int = 0
    progress: float = 0.0
    n_tokens: int = 0
    seconds: float = 0.0
    rows_used: list[int] = field(default_factory=list)


def save_checkpoint(
    folder: Path, model: nn.Module, optimizers: list[torch.optim.Optimizer], position: Position
) -> None:
    """Write everything a run needs to go on. The old checkpoint stays until the new one is complete."""
    state = {
        "model": model.state_dict(),
        "optimizers": [optimizer.state_dict() for optimizer in optimizers],
        "position": asdict(position),
        "rng": torch.get_rng_state(),
    }
    partial = folder / (FILE_NAME + ".partial")
    torch.save(state, partial)
    os.replace(partial, folder / FILE_NAME)


def load_checkpoint(folder: Path, model: nn.Module, optimizers: list[torch.optim.Optimizer]) -> Position | None:
    """Restore a run in place and return its position, or None where there is no checkpoint."""
    path = folder / FILE_NAME
    if not path.exists():
        return None
    state = torch.load(path, map_location="cpu", weights_only=True)
    model.load_state_dict(state["model"])
    for optimizer, saved in zip(optimizers, state["optimizers"], strict=True):
        optimizer.load_state_dict(saved)
    torch.set_rng_state(state["rng"])
    return Position(**state["position"])


def load_weights(path: Path) -> dict[str, torch.Tensor]:
    """Return only the weights of a checkpoint file's folder."""
    weights: dict[str, torch.Tensor] = torch.load(path / FILE_NAME, map_location="cpu", weights_only=True)["model"]
    return weights
