"""The seam between the decode loop and whatever runs the network.

A *slab* holds the keys and values of one token sequence.  An engine appends to its tail,
and shortens it by setting a length: there is no other way to change one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import torch

if TYPE_CHECKING:
    from models.engines.tree import Tree


@dataclass(frozen=True, slots=True)
class Row:
    """What a pass returned for one token: ``[V]`` and ``[width]`` of ``Rows``."""

    logits: torch.Tensor
    hidden: torch.Tensor | None


@dataclass(frozen=True, slots=True)
class Rows:
    """What one forward pass over T tokens returned.

    Attributes:
        logits: ``[T, V]`` float32 (float64 in identity tests); row i predicts the token after token i.
        hidden: ``[T, width]`` the normalised states that the logits are made of; None where an engine does not tell.
    """

    logits: torch.Tensor
    hidden: torch.Tensor | None = None

    def at(self, index: int) -> Row:
        """Return one row."""
        return Row(self.logits[index], None if self.hidden is None else self.hidden[index])

    def split(self, sizes: list[int]) -> list[Rows]:
        """Return the rows of so many tokens each."""
        logits = torch.split(self.logits, sizes)
        hidden = (None,) * len(sizes) if self.hidden is None else torch.split(self.hidden, sizes)
        return [Rows(*parts) for parts in zip(logits, hidden, strict=True)]


class Slab(Protocol):
    """Keys and values of one sequence; the engine that made it owns its contents."""

    @property
    def tokens(self) -> tuple[int, ...] | list[int]:
        """Ids whose keys and values are held, in order."""

    @property
    def n_bytes(self) -> int:
        """Memory that is taken, room ahead included."""

    @property
    def used_bytes(self) -> int:
        """Memory that the tokens held need."""


@dataclass(frozen=True, slots=True)
class Pass:
    """One forward pass that is to be done.

    Attributes:
        slab: What it is to continue.
        tokens: Ids, at least one.
        parents: As in ``Tree``; None where each follows the one before.  A tree is held once it is committed.
    """

    slab: Slab
    tokens: tuple[int, ...]
    parents: tuple[int, ...] | None = None


def require_own_slabs(passes: Sequence[Pass]) -> None:
    """Check that no slab is in two passes.

    Raises:
        ValueError: One is.
    """
    if len({id(one.slab) for one in passes}) < len(passes):
        raise ValueError("a slab cannot be in two passes at once; give each its own, a fork")


def require_held(slab: Slab, length: int) -> None:
    """Check that a slab can be copied, or cut, to ``length``.

    Raises:
        ValueError: ``length`` is negative or beyond the slab's length.
    """
    if not 0 <= length <= len(slab.tokens):
        raise ValueError(f"a slab of {len(slab.tokens)} tokens has no first {length}")


def require_room(slab: Slab, n_tokens: int, max_length: int) -> None:
    """Check that a pass can be over so many tokens behind a slab.

    Raises:
        ValueError: None, or the slab would grow beyond ``max_length``.
    """
    end = len(slab.tokens) + n_tokens
    if not n_tokens:
        raise ValueError("a forward pass needs at least one token")
    if end > max_length:
        raise ValueError(f"{end} tokens are more than the model's {max_length}")


def one_by_one(engine: Engine, passes: Sequence[Pass]) -> list[Rows]:
    """Do passes one after the other, for engines that cannot do several at once."""
    require_own_slabs(passes)
    return [engine.forward(one.slab, one.tokens) for one in passes]


class Engine(Protocol):
    """Runs the network for one sequence, or a few side by side."""

    vocabulary_size: int
    max_length: int

    def new_slab(self) -> Slab:
        """Return an empty slab."""

    def reserve(self, slab: Slab, length: int) -> None:
        """Take memory for as many as ``length`` tokens at once, where a slab would else be moved while it grows."""

    def forward(self, slab: Slab, tokens: Sequence[int]) -> Rows:
        """Append ``tokens`` (at least one) to the slab and return a row for each.

        Raises:
            ValueError: The slab would grow beyond ``max_length``.
        """

    def forward_each(self, passes: Sequence[Pass]) -> list[Rows]:
        """Do several passes at once, over a slab each, and return the rows of each.

        The weights are read once for all of them, where the engine can.

        Raises:
            ValueError: A slab would grow beyond ``max_length``, or is in two passes.
        """

    def forward_tree(self, slab: Slab, tree: Tree) -> Rows:
        """Return a row for each token of ``tree``, in its order, as if only its ancestors stood before it.

        The slab holds none of them until some are committed; a pass over something else, or ``truncate``, drops them.

        Raises:
            ValueError: The slab would grow beyond ``max_length`` with all of them.
        """

    def commit(self, slab: Slab, path: Sequence[int]) -> None:
        """Append tokens of the tree whose pass came last, and drop the others.

        Args:
            slab: The one that the tree continues.
            path: Their indices, from one that follows the slab downwards; may be empty.

        Raises:
            ValueError: ``path`` does not go down that tree, or the last pass was over none.
        """

    def extend(self, slab: Slab, tokens: Sequence[int]) -> None:
        """Append ``tokens`` (at least one) without computing their rows, as a prompt needs it.

        Raises:
            ValueError: The slab would grow beyond ``max_length``.
        """

    def fork(self, slab: Slab, length: int) -> Slab:
        """Return a new slab with a copy of the first ``length`` tokens, in no more memory than a new one takes.

        Raises:
            ValueError: ``length`` is negative or beyond the slab's length.
        """

    def truncate(self, slab: Slab, length: int) -> None:
        """Drop everything from position ``length`` on.

        Raises:
            ValueError: ``length`` is negative or beyond the slab's length.
        """
