"""Feeding a prompt: what the slab already holds is kept, the rest goes in by chunks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from models.engines.base import Engine, Slab

# Large enough for full matrix speed, small enough that a cancelled request stops within one chunk.
CHUNK_TOKENS = 128


@dataclass(frozen=True, slots=True)
class Prefill:
    """What feeding a prompt took.

    Attributes:
        prefilled: Tokens that went through the network.
        reused: Tokens whose keys and values the slab already held.
    """

    prefilled: int
    reused: int


def prefill(
    engine: Engine, slab: Slab, tokens: Sequence[int], cancelled: Callable[[], bool], chunk: int = CHUNK_TOKENS
) -> Prefill:
    """Make the slab hold exactly ``tokens``.

    What differs from them is dropped.  ``cancelled`` is asked before each chunk; when it says
    yes, the chunks done so far stay in the slab for the next request.

    Raises:
        ValueError: More tokens than the engine's ``max_length``.
    """
    if len(tokens) > engine.max_length:
        raise ValueError(f"{len(tokens)} tokens are more than the model's {engine.max_length}")
    reused = common_length(slab.tokens, tokens)
    engine.truncate(slab, reused)
    done = reused
    while done < len(tokens) and not cancelled():
        engine.extend(slab, tokens[done : done + chunk])
        done = min(done + chunk, len(tokens))
    return Prefill(done - reused, reused)


def common_length(left: Sequence[int], right: Sequence[int]) -> int:
    """Return the length of the longest common prefix."""
    length = min(len(left), len(right))
    for index in range(length):
        if left[index] != right[index]:
            return index
    return length
