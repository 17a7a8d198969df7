"""Extra heads beside a model: they guess further tokens from the state that the last one was chosen from.

Medusa-1 (Cai et al. 2024): head k turns the state into the one that the model's own head would make the k-th
token after the chosen one of, ``h + silu(W h)``.  ``models.training.heads`` trains them.  Only a drafter asks
them, so a model with heads writes what it writes without.

Of the vocabulary only the first ids are scored: byte pairs are numbered in the order of their merges, so the
frequent ones stand first (VocabTrim, Goel et al. 2025).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional as F

from models.engines.linear import head, linear
from models.engines.shape import EMBEDDING, NORM
from models.errors import ModelError, first_line

FILE_NAME = "heads.safetensors"

# Ids that may be guessed.
CANDIDATES = 4096


class Heads:
    """Guesses tokens with the embedding that the model's own head is tied to."""

    def __init__(self, layers: Tensor, embedding: Tensor) -> None:
        """Take the matrices, in the precision to compute in.

        Args:
            layers: ``[heads, width, width]``, the nearest token's first.
            embedding: ``[vocabulary, width]``.
        """
        self._count = len(layers)
        self._layers = linear(layers.flatten(0, 1))
        self._to_logits = head(embedding[:CANDIDATES])

    def __len__(self) -> int:
        """Return how many heads there are."""
        return self._count

    @torch.inference_mode()
    def guess(self, hidden: Tensor, count: int) -> list[tuple[int, float]]:
        """Return a token and its probability from each of the first ``count`` heads, at least one.

        Args:
            hidden: ``[width]`` the state that the last token was chosen from.
            count: Heads to ask; more than there are give no more.
        """
        turned = self._layers(hidden[None]).view(self._count, -1)[:count]
        logits = self._to_logits(hidden + F.silu(turned))
        best, tokens = logits.max(dim=-1)
        likely = (best - logits.logsumexp(dim=-1)).exp()
        return list(zip(tokens.tolist(), likely.tolist(), strict=True))


def read_heads(folder: Path, state: Mapping[str, Tensor], name: str) -> Heads | None:
    """Read the heads beside a model; None if there are none.

    Args:
        folder: The checkpoint's.
        state: The model's weights, of which its own head is tied to the embedding.
        name: For messages.

    Raises:
        ModelError: The file is damaged or belongs to another model.
    """
    path = folder / FILE_NAME
    if not path.is_file():
        return None
    try:
        stored = load_file(path)
    except (OSError, SafetensorError) as error:
        raise ModelError(
            f"model {name}: {FILE_NAME} cannot be read ({first_line(error)}); train or delete it"
        ) from error
    layers, width = [stored.get(f"heads.{index}.weight") for index in range(len(stored))], len(state[NORM])
    found = [layer for layer in layers if layer is not None and layer.shape == (width, width)]
    if not found or len(found) < len(stored):
        raise ModelError(f"model {name}: {FILE_NAME} belongs to another model; train it for this one or delete it")
    embedding = state[EMBEDDING]
    wide = torch.float64 if embedding.dtype == torch.float64 else torch.float32
    return Heads(torch.stack(found).to(embedding.device, wide), embedding)
