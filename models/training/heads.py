"""Extra heads that guess further tokens from one hidden state (Medusa-1, Cai et al. 2024).

Head k sees the state from which the model chooses the next token and guesses the k-th token after
that one. It is one residual layer before the embedding that the model's own head is tied to, and
starts as the identity: `h + silu(W h)` with W = 0. The trunk stays as it is, so a model with heads
writes what it wrote without; only a drafter asks them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F

from models.heads import FILE_NAME
from models.training.loss import next_token_loss
from models.training.model import Decoder
from models.training.muon import Muon
from models.training.schedule import Budget

LEARNING_RATE = 0.01
MOMENTUM = 0.95
_SEED = 20_240_119


class ResidualHeads(nn.Module):
    """`n_heads` layers on the hidden states of a trunk. Shapes: B rows, T positions, H hidden units."""

    def __init__(self, n_heads: int, hidden_size: int) -> None:
        """Begin with heads that change nothing."""
        super().__init__()
        self.heads = nn.ModuleList(nn.Linear(hidden_size, hidden_size, bias=False) for _ in range(n_heads))
        for weight in self.parameters():
            nn.init.zeros_(weight)

    def forward(self, hidden: Tensor) -> list[Tensor]:
        """Map hidden states [B, T, H] to one tensor of that shape for each head."""
        return [hidden + F.silu(head(hidden)) for head in self.heads]


def train_heads(
    model: Decoder, heads: ResidualHeads, rows: np.ndarray, budget: Budget, batch_rows: int
) -> Iterator[float]:
    """Train heads on a frozen trunk over rows [n, T + 1] of token ids, yielding the loss of each step.

    The rows are read once at most, in a fixed random order; the rate falls linearly to zero with the budget.
    """
    optimizer = Muon(heads.parameters(), LEARNING_RATE, MOMENTUM, 0.0, torch.bfloat16)
    order = np.random.default_rng(_SEED).permutation(len(rows))
    for step in range(len(rows) // batch_rows):
        progress = budget.progress(step)
        if progress >= 1.0:
            return
        batch = rows[np.sort(order[step * batch_rows : (step + 1) * batch_rows])]
        loss = heads_loss(model, heads, torch.from_numpy(batch.astype(np.int64)).to(model.device))
        torch.autograd.backward(loss)
        for group in optimizer.param_groups:
            group["lr"] = LEARNING_RATE * (1.0 - progress)
        optimizer.step()
        optimizer.zero_grad()
        yield loss.item()


def heads_loss(model: Decoder, heads: ResidualHeads, rows: Tensor) -> Tensor:
    """Return the mean loss of all heads in nats per token on rows [B, T + 1]; only heads get gradients."""
    with torch.no_grad(), torch.autocast(rows.device.type, torch.bfloat16):
        hidden = model(rows[:, :-1]).float()
    embedding = model.model.embed_tokens.weight.detach()
    losses = []
    for distance, states in enumerate(heads(hidden), start=1):
        targets = rows[:, 1 + distance :]
        weights = torch.ones_like(targets, dtype=torch.float32)
        losses.append(next_token_loss(states[:, :-distance], embedding, targets, weights, torch.bfloat16))
    return torch.stack(losses).mean()


@torch.inference_mode()
def head_accuracy(model: Decoder, heads: ResidualHeads, rows: Tensor) -> list[float]:
    """Return how often the best guess of each head is the true token of rows [B, T + 1], nearest head first."""
    hidden = model(rows[:, :-1])
    embedding = model.model.embed_tokens.weight
    shares = []
    for distance, states in enumerate(heads(hidden), start=1):
        guesses = F.linear(states[:, :-distance], embedding).argmax(-1)
        shares.append((guesses == rows[:, 1 + distance :]).float().mean().item())
    return shares


def save_heads(heads: ResidualHeads, folder: Path) -> None:
    """Write the heads beside a model, in bfloat16. Engines that do not know the file pass it by."""
    weights = {name: weight.to(torch.bfloat16).contiguous() for name, weight in heads.state_dict().items()}
    path = folder / FILE_NAME
    save_file(weights, path, {"format": "pt", "kind": "medusa-1 residual, tied"})
    # safetensors writes files that only their owner can read.
    path.chmod(0o644)


def load_heads(folder: Path) -> ResidualHeads:
    """Read the heads beside a model, in single precision."""
    weights = {name: weight.float() for name, weight in load_file(folder / FILE_NAME).items()}
    heads = ResidualHeads(len(weights), next(iter(weights.values())).shape[0])
    heads.load_state_dict(weights)
    return heads
