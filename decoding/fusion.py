"""Several drafts as one tree, where verifying many tokens costs little more than one.

Drafts that begin alike share their beginning (RASD, Quan et al. 2025), and nodes are taken by the
probability of their paths (DySpec, Xiong et al. 2024) for as long as that brings more tokens a second.
The likeliest way stands first: accepting it moves no keys and values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from decoding.types import Draft, Guess, child
from models.engines.cost import CostCurve


@dataclass(frozen=True, slots=True)
class _Node:
    """A token of the tree.

    Attributes:
        token: Its id.
        parent: Index of the node that it follows, -1 for the tip.
        chance: How likely the text goes on down to here.
        source: The drafter that guessed it.
    """

    token: int
    parent: int
    chance: float
    source: str


def main_chain(draft: Draft, most: int | None = None) -> Draft:
    """Return the likeliest way down a draft, its first ``most`` tokens."""
    if not draft.parents:
        return replace(draft, tokens=draft.tokens[:most])
    path, node = list[int](), -1
    while (below := next((i for i, parent in enumerate(draft.parents) if parent == node), None)) is not None:
        path.append(below)
        node = below
    return replace(draft, tokens=tuple(draft.tokens[i] for i in path[:most]), parents=())


def fused(drafts: Sequence[tuple[Draft, float]], curve: CostCurve, most: int) -> Guess:
    """Return the tree that promises most tokens a second.

    Args:
        drafts: Each with the chance that a token is right if those before it are.
        curve: What a pass costs.
        most: Most tokens.
    """
    nodes = _merged(drafts)
    order = sorted(range(len(nodes)), key=lambda i: -nodes[i].chance)[: max(0, most)]
    best, best_speed, expected = 0, 1 / curve.at(1), 1.0
    for count, index in enumerate(order, start=1):
        expected += nodes[index].chance
        if (speed := expected / curve.at(count + 1)) > best_speed:
            best, best_speed = count, speed
    kept = _depth_first(nodes, frozenset(order[:best]))
    place = {index: at for at, index in enumerate(kept)} | {-1: -1}
    tokens = tuple(nodes[i].token for i in kept)
    parents = tuple(place[nodes[i].parent] for i in kept)
    is_chain = parents == tuple(range(-1, len(kept) - 1))
    verified = tuple(part for draft, _ in drafts if (part := _part_of(draft, tokens, parents)).tokens)
    return Guess(tokens, () if is_chain else parents, tuple(nodes[i].source for i in kept), verified)


def _merged(drafts: Sequence[tuple[Draft, float]]) -> list[_Node]:
    """Return the nodes of all drafts, parents first, each once."""
    nodes: list[_Node] = []
    known: dict[tuple[int, int], int] = {}
    for draft, likely in drafts:
        places: list[int] = []
        siblings: dict[int, int] = {}
        parents = draft.parents or range(-1, len(draft.tokens) - 1)
        for token, parent in zip(draft.tokens, parents, strict=True):
            above = places[parent] if parent >= 0 else -1
            before = siblings.get(parent, 0)
            siblings[parent] = before + 1
            # Of siblings the first has the draft's chance, the second that share of what is left, and so on.
            chance = (nodes[above].chance if above >= 0 else 1.0) * likely * (1 - likely) ** before
            place = known.setdefault((above, token), len(nodes))
            if place == len(nodes):
                nodes.append(_Node(token, above, chance, draft.source))
            elif chance > nodes[place].chance:
                nodes[place] = replace(nodes[place], chance=chance)
            places.append(place)
    return nodes


def _depth_first(nodes: Sequence[_Node], kept: frozenset[int]) -> list[int]:
    """Return the indices that are kept, each behind its parent, the likelier branches first."""
    order: list[int] = []
    waiting = [-1]
    while waiting:
        above = waiting.pop()
        if above >= 0:
            order.append(above)
        below = [i for i in kept if nodes[i].parent == above]
        waiting += sorted(below, key=lambda i: (nodes[i].chance, -i))
    return order


def _part_of(draft: Draft, tokens: Sequence[int], parents: Sequence[int]) -> Draft:
    """Return the main chain of a draft as far as it is in a tree."""
    chain, node = main_chain(draft), -1
    for length, token in enumerate(chain.tokens):
        below = child(tokens, parents, node, token)
        if below is None:
            return replace(chain, tokens=chain.tokens[:length])
        node = below
    return chain
