"""Feeding a prompt: what the slab already holds is kept, the rest goes in by chunks."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress, count
from operator import ne
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # what guesses for a model is named where no torch is imported
    from models.engines.base import Engine, Slab

# Large enough for full matrix speed, small enough that a cancelled request stops within one chunk.
CHUNK_TOKENS = 128


def keep_common(engine: Engine, slab: Slab, tokens: Sequence[int]) -> int:
    """Drop what the slab holds beyond its common prefix with ``tokens``, and return that prefix's length.

    Raises:
        ValueError: More tokens than the engine's ``max_length``.
    """
    if len(tokens) > engine.max_length:
        raise ValueError(f"{len(tokens)} tokens are more than the model's {engine.max_length}")
    reused = common_length(slab.tokens, tokens)
    engine.truncate(slab, reused)
    return reused


def feed(engine: Engine, slab: Slab, tokens: Sequence[int], chunk: int = CHUNK_TOKENS) -> None:
    """Feed the next chunk of ``tokens``: what the slab holds is their beginning, and not all of them."""
    done = len(slab.tokens)
    engine.extend(slab, tokens[done : done + chunk])


def common_length(left: Sequence[int], right: Sequence[int]) -> int:
    """Return the length of the longest common prefix."""
    return next(compress(count(), map(ne, left, right)), min(len(left), len(right)))
