"""Checkpoints that a run goes on from as if it had never stopped."""

from __future__ import annotations

import os
import pickle
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from models.training.errors import TrainingError

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
    """Restore a run in place and return its position, or None where there is no checkpoint.

    Raises:
        TrainingError: The checkpoint cannot be read, or is that of another model.
    """
    if not (folder / FILE_NAME).exists():
        return None
    state = _read(folder)
    try:
        model.load_state_dict(state["model"])
    except RuntimeError as error:
        raise TrainingError(f"{folder} holds a run of another size; choose its --config or another folder") from error
    for optimizer, saved in zip(optimizers, state["optimizers"], strict=True):
        optimizer.load_state_dict(saved)
    torch.set_rng_state(state["rng"])
    return Position(**state["position"])


def load_weights(folder: Path) -> dict[str, torch.Tensor]:
    """Return only the weights of the checkpoint in a run's folder.

    Raises:
        TrainingError: There is no checkpoint, or it cannot be read.
    """
    if not (folder / FILE_NAME).exists():
        raise TrainingError(f"{folder} has no {FILE_NAME}; train first, or name a run's folder")
    weights: dict[str, torch.Tensor] = _read(folder)["model"]
    return weights


def _read(folder: Path) -> dict[str, Any]:
    try:
        state: dict[str, Any] = torch.load(folder / FILE_NAME, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, OSError, pickle.UnpicklingError) as error:
        raise TrainingError(f"{folder / FILE_NAME} cannot be read; delete it to begin the run again") from error
    return state
