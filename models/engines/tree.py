"""Continuations of one slab that share their beginnings, verified in one pass (SpecInfer, Miao et al. 2024).

A chain is a tree of width one.  Nodes may stand in any order that puts parents first.  In depth-first
order, the likeliest branch first, accepting that branch moves no keys and values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from models.engines.base import Rows

if TYPE_CHECKING:
    from models.engines.base import Engine, Slab


@dataclass(frozen=True, slots=True)
class Tree:
    """Tokens that continue a slab.

    Attributes:
        tokens: Their ids, at least one.
        parents: For each, the index of the token that it follows; -1 for the last that the slab holds.
    """

    tokens: tuple[int, ...]
    parents: tuple[int, ...]

    def __post_init__(self) -> None:
        """Check it.

        Raises:
            ValueError: No tokens, or a parent that is not an earlier token.
        """
        if not self.tokens:
            raise ValueError("a forward pass needs at least one token")
        if len(self.parents) != len(self.tokens):
            raise ValueError(f"a tree of {len(self.tokens)} tokens needs as many parents, not {len(self.parents)}")
        if not all(-1 <= parent < index for index, parent in enumerate(self.parents)):
            raise ValueError("the parent of a token has to stand before it")

    @classmethod
    def chain(cls, tokens: Sequence[int]) -> Tree:
        """Return a tree in which each token follows the one before."""
        return cls(tuple(tokens), tuple(range(-1, len(tokens) - 1)))

    @property
    def depths(self) -> tuple[int, ...]:
        """How many tokens stand between each and the slab."""
        depths: list[int] = []
        for parent in self.parents:
            depths.append(0 if parent < 0 else depths[parent] + 1)
        return tuple(depths)

    def path_to(self, node: int) -> tuple[int, ...]:
        """Return the indices of a token's ancestors and of itself, topmost first."""
        path: list[int] = []
        while node >= 0:
            path.append(node)
            node = self.parents[node]
        return tuple(reversed(path))

    def sees(self) -> Tensor:
        """Return ``[T, T]`` bool: row i marks the ancestors of token i and itself."""
        # In numpy, whose operations on a few numbers take a tenth of torch's time.
        seen = np.eye(len(self.tokens), dtype=np.bool_)
        for index, parent in enumerate(self.parents):
            if parent >= 0:
                seen[index] |= seen[parent]
        return torch.from_numpy(seen)

    def require_path(self, path: Sequence[int]) -> None:
        """Check that ``path`` goes down the tree from the slab.

        Raises:
            ValueError: It does not.
        """
        if not all(0 <= node < len(self.tokens) for node in path) or any(
            self.parents[node] != before for before, node in zip((-1, *path), path, strict=False)
        ):
            raise ValueError(f"{tuple(path)} is no way down this tree")


def require_tree(tree: Tree | None, path: Sequence[int]) -> Tree:
    """Return the tree whose pass came last, with ``path`` checked.

    Raises:
        ValueError: There is none, or ``path`` does not go down it from the slab.
    """
    if tree is None:
        raise ValueError("there is no tree to commit: something else was done with the slab after its pass")
    tree.require_path(path)
    return tree


def close_gaps(memory: Tensor, start: int, path: Sequence[int]) -> None:
    """Move keys and values at ``start`` plus each index of ``path``, which ascends, to ``start`` and on.

    Of an accepted main chain none is moved.

    Args:
        memory: ``[any, heads, positions, head_size]``.
        start: Position of the tree's first token.
        path: Indices of its tokens.
    """
    first = next((place for place, node in enumerate(path) if place != node), len(path))
    if first < len(path):
        nodes = torch.tensor(path[first:], device=memory.device) + start
        memory[:, :, start + first : start + len(path)] = memory.index_select(2, nodes)


def rows_by_chains(engine: Engine, slab: Slab, tree: Tree) -> Rows:
    """Return a tree's rows from passes over single tokens, for engines without a pass over trees.

    The slab is taken back to what it held.
    """
    held, depths = len(slab.tokens), tree.depths
    rows: list[Rows] = []
    for node, token in enumerate(tree.tokens):
        path = tree.path_to(node)
        present = tuple(slab.tokens[held:])
        above = tuple(tree.tokens[ancestor] for ancestor in path[:-1])
        engine.truncate(slab, held + min(depths[node], len(present)))
        if present[: len(above)] != above:
            engine.truncate(slab, held)
            engine.extend(slab, above)
        rows.append(engine.forward(slab, (token,)))
    engine.truncate(slab, held)
    hidden = [row.hidden for row in rows if row.hidden is not None]
    return Rows(torch.cat([row.logits for row in rows]), torch.cat(hidden) if hidden else None)
