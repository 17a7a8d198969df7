"""Several drafts as one tree."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decoding.fusion import fused, main_chain
from decoding.types import Draft, Guess
from models.engines.cost import CostCurve
from models.engines.tree import Tree

FLAT = CostCurve((1, 64), (0.001, 0.001))
STEEP = CostCurve((1, 2, 64), (0.001, 0.002, 0.064))

chains = st.lists(st.lists(st.integers(2, 4), min_size=1, max_size=5).map(tuple), min_size=1, max_size=4)


def draft(*tokens: int, source: str = "one", parents: tuple[int, ...] = ()) -> Draft:
    """Return a draft."""
    return Draft(tokens, source, 2, parents)


def paths(guess: Guess) -> set[tuple[int, ...]]:
    """Return all ways down a guess."""
    tree = Tree(guess.tokens, guess.parents or tuple(range(-1, len(guess.tokens) - 1)))
    return {tuple(tree.tokens[i] for i in tree.path_to(node)) for node in range(len(tree.tokens))}


def test_what_begins_alike_is_shared() -> None:
    """Two drafts that part later have one beginning, and each token its drafter."""
    guess = fused([(draft(2, 3, 4, source="a"), 0.9), (draft(2, 5, source="b"), 0.8)], FLAT, 31)
    assert guess == Guess(
        (2, 3, 4, 5), (-1, 0, 1, 0), ("a", "a", "a", "b"), (draft(2, 3, 4, source="a"), draft(2, 5, source="b"))
    )


def test_one_draft_stays_a_chain() -> None:
    """A tree of width one is passed on as a chain."""
    assert fused([(draft(2, 3), 0.5)], FLAT, 31) == Guess((2, 3), (), ("one", "one"), (draft(2, 3),))


def test_the_likeliest_way_stands_first() -> None:
    """Whoever proposed it: accepting it then moves nothing."""
    guess = fused([(draft(2, 3), 0.4), (draft(4, 5), 0.9)], FLAT, 31)
    assert guess.tokens == (4, 5, 2, 3)
    assert guess.parents == (-1, 0, -1, 2)


def test_unlikely_tokens_go_first() -> None:
    """With little room the likeliest nodes are kept, and of each draft what is left."""
    guess = fused([(draft(2, 3, 4), 0.5), (draft(5, 6), 0.9)], FLAT, 3)
    assert guess.tokens == (5, 6, 2)
    assert guess.drafts == (draft(2), draft(5, 6))


def test_siblings_share_the_chance() -> None:
    """Of a drafter's own tree the first of siblings counts most, those behind it less and less."""
    tree = draft(2, 3, 4, 5, parents=(-1, -1, -1, 0))
    assert fused([(tree, 0.6)], FLAT, 3).tokens == (2, 5, 3)


@pytest.mark.parametrize("drafts", [[], [(draft(2, 3), 0.9), (draft(4), 0.9)]])
def test_nothing_is_worth_it(drafts: list[tuple[Draft, float]]) -> None:
    """Where each token costs as much as a pass, or there is none, there is no guess."""
    assert fused(drafts, STEEP, 31) == Guess()


def test_no_room() -> None:
    """A pass that must not be longer is not."""
    assert fused([(draft(2), 0.9)], FLAT, 0) == Guess()


@given(chains=chains, most=st.integers(1, 12))
@settings(max_examples=100, deadline=None)
def test_a_tree_holds_beginnings_of_drafts_and_nothing_else(chains: list[tuple[int, ...]], most: int) -> None:
    """Every way down it is the beginning of a draft, none stands twice, and it fits."""
    guess = fused([(draft(*chain), 0.7) for chain in chains], FLAT, most)
    beginnings = {chain[:length] for chain in chains for length in range(1, len(chain) + 1)}
    assert paths(guess) <= beginnings
    assert len(paths(guess)) == len(guess.tokens) == min(most, len(beginnings))
    for path in paths(guess):
        assert len(path) == draft(*path).right(path)


def test_the_main_chain_of_a_tree() -> None:
    """The first of siblings at each level."""
    tree = draft(2, 3, 4, 5, parents=(-1, -1, 0, 0))
    assert main_chain(tree) == draft(2, 4)
    assert main_chain(tree, 1) == draft(2)
    assert main_chain(draft(2, 3), 1) == draft(2)
    assert main_chain(Draft()) == Draft()
