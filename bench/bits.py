"""Bits per byte of files that a model has not learnt from."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch

from bench.sites import python_files, read_source
from models.checkpoints import LoadedModel

DISTRIBUTIONS = ("requests", "click", "attrs", "httpx")
WINDOW = 1024

# Rows of a large vocabulary that are held at once.
CHUNK = 256


def held_out_bits(model: LoadedModel, packages: Path, limit: int | None, seed: int) -> dict[str, float]:
    """Return the bits per byte of each of ``DISTRIBUTIONS``, and of all together.

    Args:
        model: Predicts; the first token of each window is given.
        packages: Folder that they are installed in.
        limit: Windows of each distribution, drawn; None for all.
        seed: Of the drawing.

    Raises:
        LookupError: One is not installed there.
    """
    sums: dict[str, tuple[float, int]] = {}
    for name in DISTRIBUTIONS:
        rng = random.Random(f"{seed} {name}")
        cut = [ids for path in sorted(python_files(name, packages, rng)) for ids in windows(model, path)]
        chosen = cut if limit is None or limit >= len(cut) else rng.sample(cut, limit)
        costs = [bits_and_bytes(model, ids) for ids in chosen]
        sums[name] = math.fsum(bits for bits, _ in costs), sum(n_bytes for _, n_bytes in costs)
    sums["all"] = math.fsum(bits for bits, _ in sums.values()), sum(n_bytes for _, n_bytes in sums.values())
    return {name: bits / max(1, n_bytes) for name, (bits, n_bytes) in sums.items()}


def windows(model: LoadedModel, path: Path) -> Iterator[Sequence[int]]:
    """Cut the tokens of a file into windows of at least two."""
    ids = model.vocabulary.encode(read_source(path) or "")
    size = min(WINDOW, model.engine.max_length)
    yield from (ids[at : at + size] for at in range(0, len(ids) - 1, size))


def bits_and_bytes(model: LoadedModel, ids: Sequence[int]) -> tuple[float, int]:
    """Return the bits that the tokens behind the first cost, and their bytes."""
    slab, nats = model.engine.new_slab(), []
    for at in range(0, len(ids) - 1, CHUNK):
        targets = ids[at + 1 : at + 1 + CHUNK]
        logits = model.engine.forward(slab, ids[at : at + len(targets)]).logits
        wanted = torch.tensor(targets, device=logits.device)
        nats.append(float(torch.nn.functional.cross_entropy(logits, wanted, reduction="sum")))
    return math.fsum(nats) / math.log(2), len(model.vocabulary.decode(ids[1:]))
