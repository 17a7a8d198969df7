"""The seam between the decode loop and whatever runs the network.

A *slab* holds the keys and values of one token sequence.  An engine appends to its tail,
and shortens it by setting a length: there is no other way to change one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch


@dataclass(frozen=True, slots=True)
class Rows:
    """What one forward pass over T tokens returned.

    Attributes:
        logits: ``[T, V]`` float32 (float64 in identity tests); row i predicts the token after token i.
    """

    logits: torch.Tensor


class Slab(Protocol):
    """Keys and values of one sequence; the engine that made it owns its contents."""

    @property
    def tokens(self) -> tuple[int, ...] | list[int]:
        """Ids whose keys and values are held, in order."""


class Engine(Protocol):
    """Runs the network at batch size one."""

    vocabulary_size: int
    max_length: int

    def new_slab(self) -> Slab:
        """Return an empty slab."""

    def forward(self, slab: Slab, tokens: Sequence[int]) -> Rows:
        """Append ``tokens`` (at least one) to the slab and return a row for each.

        Raises:
            ValueError: The slab would grow beyond ``max_length``.
        """

    def extend(self, slab: Slab, tokens: Sequence[int]) -> None:
        """Append ``tokens`` (at least one) without computing their rows, as a prompt needs it.

        Raises:
            ValueError: The slab would grow beyond ``max_length``.
        """

    def truncate(self, slab: Slab, length: int) -> None:
        """Drop everything from position ``length`` on.

        Raises:
            ValueError: ``length`` is negative or beyond the slab's length.
        """
