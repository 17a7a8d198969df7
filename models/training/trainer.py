"""The training loop, as a generator of reports: who shows or records them is the caller's business."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from models.training.checkpoint import Position, load_checkpoint, save_checkpoint
from models.training.config import TrainConfig
from models.training.loss import middle_weights, next_token_loss
from models.training.model import Decoder
from models.training.muon import Muon
from models.training.schedule import Budget, rate_factor, stage_index
from models.training.tokenizer import END, FIM_MIDDLE

# Up to four readings of the same text teach nearly as much as new text (Muennighoff et al. 2023).
MAX_EPOCHS = 4


@dataclass(frozen=True)
class StepReport:
    """What one step did. `loss` is in nats per token, `seconds` is the time of the step alone."""

    step: int
    progress: float
    loss: float
    rate_factor: float
    row_tokens: int
    n_tokens: int
    seconds: float


class Trainer:
    """A model, its optimisers and its place in the data."""

    def __init__(
        self, config: TrainConfig, rows: Sequence[np.ndarray], special: dict[str, int], folder: Path, device: str
    ) -> None:
        """`rows` holds one array [n, row_tokens + 1] of token ids for each stage of `config`.

        `special` are the ids of the special tokens.
        """
        torch.manual_seed(config.seed)
        self.config = config
        self.folder = folder
        self.device = device
        self.model = Decoder(config.model).to(device)
        self.optimizers = _optimizers(self.model, config)
        self._rates = [[group["lr"] for group in o.param_groups] for o in self.optimizers]
        self._rows = rows
        self._special = special
        self._orders: dict[tuple[int, int], np.ndarray] = {}
        self.position = Position(rows_used=[0] * len(rows))

    def resume(self) -> bool:
        """Go on from the checkpoint in the run's folder; say whether there was one."""
        position = load_checkpoint(self.folder, self.model, self.optimizers)
        if position is not None:
            self.position = position
        return position is not None

    def save(self) -> None:
        """Write a checkpoint into the run's folder."""
        save_checkpoint(self.folder, self.model, self.optimizers, self.position)

    def run(self, budget: Budget, wants_stop: Callable[[], bool]) -> Iterator[StepReport]:
        """Train until the budget is spent, all rows were read `MAX_EPOCHS` times, or a stop is wanted."""
        self.model.train()
        while not wants_stop():
            began = time.perf_counter()
            progress = budget.progress(self.position.step)
            index = stage_index(self.config.stages, progress)
            batch = self._next_batch(index)
            if progress >= 1.0 or batch is None:
                return
            factor = rate_factor(self.config, self.position.step, progress)
            loss = self._step(batch, factor)
            seconds = time.perf_counter() - began
            self._advance(progress, batch.shape[0] * (batch.shape[1] - 1), seconds)
            yield StepReport(
                self.position.step, progress, loss, factor, batch.shape[1] - 1, self.position.n_tokens, seconds
            )

    def _next_batch(self, wanted: int) -> Tensor | None:
        """Return rows [B, T + 1], each of them unread before any is read again, or None where none are left.

        A stage whose rows are used up goes on with those of another, so that a run lasts to its end.
        """
        for index in (wanted, *range(len(self._rows))):
            picked = self._pick(index)
            if picked is not None:
                self.position.rows_used[index] += len(picked)
                rows = self._rows[index][np.sort(picked)]
                return torch.from_numpy(rows.astype(np.int64)).to(self.device)
        return None

    def _pick(self, index: int) -> np.ndarray | None:
        """Return the places of the next rows of a stage; every epoch has an order of its own."""
        size = self.config.stages[index].batch_rows
        epoch_rows = len(self._rows[index]) // size * size
        if self.position.rows_used[index] >= MAX_EPOCHS * epoch_rows:
            return None
        epoch, first = divmod(self.position.rows_used[index], epoch_rows)
        return self._order(index, epoch)[first : first + size]

    def _order(self, index: int, epoch: int) -> np.ndarray:
        key = index, epoch
        if key not in self._orders:
            self._orders[key] = np.random.default_rng([self.config.seed, *key]).permutation(len(self._rows[index]))
        return self._orders[key]

    def _step(self, batch: Tensor, factor: float) -> float:
        total = 0.0
        for rows in torch.split(batch, self.config.micro_rows):
            loss = self._loss(rows) * (len(rows) / len(batch))
            torch.autograd.backward(loss)
            total += loss.item()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.config.grad_clip)
        for optimizer, rates in zip(self.optimizers, self._rates, strict=True):
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * factor
            optimizer.step()
            optimizer.zero_grad()
        return total

    def _loss(self, rows: Tensor) -> Tensor:
        with torch.autocast(self.device, torch.bfloat16):
            hidden = self.model(rows[:, :-1])
        weight = self.config.middle_weight
        weights = middle_weights(rows, self._special[FIM_MIDDLE], self._special[END], weight)
        embedding = self.model.model.embed_tokens.weight
        return next_token_loss(hidden, embedding, rows[:, 1:], weights, torch.bfloat16)

    def _advance(self, progress: float, n_tokens: int, seconds: float) -> None:
        self.position.step += 1
        self.position.progress = progress
        self.position.n_tokens += n_tokens
        self.position.seconds += seconds


def _optimizers(model: Decoder, config: TrainConfig) -> list[torch.optim.Optimizer]:
    """Muon for the matrices inside the blocks, AdamW for the tied embedding and the norms."""
    matrices = [p for name, p in model.named_parameters() if p.ndim == 2 and "embed_tokens" not in name]
    others = [p for name, p in model.named_parameters() if p.ndim != 2 or "embed_tokens" in name]
    return [
        Muon(matrices, config.muon_lr, config.muon_momentum, config.weight_decay, torch.bfloat16),
        torch.optim.AdamW(others, config.adam_lr, config.adam_betas, weight_decay=0.0, fused=True),
    ]
