"""Trees of tokens: what they are, and what is none."""

from __future__ import annotations

import pytest
import torch

from models.engines.testing import TinyEngine
from models.engines.tree import Tree, close_gaps, rows_by_chains

BRANCHED = Tree((5, 1, 2, 7, 8), (-1, 0, 1, 0, -1))


def test_depths_and_paths() -> None:
    """A token's depth is the number of its ancestors."""
    assert BRANCHED.depths == (0, 1, 2, 1, 0)
    assert [BRANCHED.path_to(node) for node in range(5)] == [(0,), (0, 1), (0, 1, 2), (0, 3), (4,)]
    assert BRANCHED.path_to(-1) == ()


def test_tokens_see_their_ancestors_and_themselves() -> None:
    """A row of the mask marks one chain."""
    seen = [tuple(torch.nonzero(row).flatten().tolist()) for row in BRANCHED.sees()]
    assert seen == [BRANCHED.path_to(node) for node in range(5)]


def test_a_chain_is_a_tree() -> None:
    """Each token of a chain sees all before it."""
    chain = Tree.chain((3, 3, 4))
    assert chain == Tree((3, 3, 4), (-1, 0, 1))
    assert torch.equal(chain.sees(), torch.ones(3, 3, dtype=torch.bool).tril())


REFUSED = [
    ((), (), "at least one token"),
    ((1, 2), (-1,), "2 tokens needs as many parents, not 1"),
    ((1, 2), (-1, 1), "has to stand before it"),
    ((1, 2), (1, -1), "has to stand before it"),
    ((1,), (-2,), "has to stand before it"),
]


@pytest.mark.parametrize(("tokens", "parents", "message"), REFUSED)
def test_what_is_no_tree_is_refused(tokens: tuple[int, ...], parents: tuple[int, ...], message: str) -> None:
    """Parents stand before their children, one for each token."""
    with pytest.raises(ValueError, match=message):
        Tree(tokens, parents)


MOVES = [
    # path, positions that are written
    ((), []),
    ((0, 1, 2), []),
    ((0, 1, 4), [12]),
    ((0, 3, 4), [11, 12]),
    ((2,), [10]),
]


@pytest.mark.parametrize(("path", "written"), MOVES)
def test_only_what_is_out_of_place_is_moved(path: tuple[int, ...], written: list[int]) -> None:
    """Accepting a main chain moves nothing; another branch moves from where it leaves."""
    memory = torch.arange(16.0).view(1, 1, 16, 1).repeat(2, 1, 1, 1)
    close_gaps(memory, 10, path)
    found = memory[1, 0, :, 0].tolist()
    assert found[10 : 10 + len(path)] == [10 + node for node in path]
    assert [position for position in range(16) if found[position] != position] == written


class CountingEngine(TinyEngine):
    """Counts the tokens it is fed."""

    fed = 0

    def forward(self, slab, tokens):  # type: ignore[no-untyped-def]
        """Count, then run."""
        self.fed += len(tokens)
        return super().forward(slab, tokens)


def test_depth_first_trees_are_fed_with_few_tokens_twice() -> None:
    """Going back to an ancestor that is still there costs nothing; only what was dropped is fed again."""
    engine = CountingEngine()
    rows_by_chains(engine, engine.new_slab(), Tree((1, 2, 3, 4), (-1, 0, 0, 0)))
    assert engine.fed == 4
    engine.fed = 0
    rows_by_chains(engine, engine.new_slab(), Tree((1, 2, 3, 4), (-1, -1, 0, 1)))
    assert engine.fed == 6
