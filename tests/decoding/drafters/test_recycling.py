"""Drafting what last followed each token."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from decoding.drafters.recycling import BLOCK, Recycling
from decoding.types import Drafter, Prompt, Tip
from tests.decoding.drafters.drafter_contract import SEPARATORS, DrafterContract, tip

# Everything is followed by the next number; 5 by a separator.
NEXT = {2: 3, 3: 4, 4: 5, 5: 0, 6: 2}


class TestRecycling(DrafterContract):
    """At tips that know what follows what."""

    def make(self) -> Drafter:
        """Return it."""
        return Recycling()

    def tip(self, emitted: Sequence[int]) -> Tip:
        """Return such a tip."""
        return replace(tip(emitted), successors=NEXT)


DRAFTS: list[tuple[tuple[int, ...], tuple[int, ...], Mapping[int, int], int, tuple[int, ...]]] = [
    # prompt, emitted, successors, budget, draft
    ((0, 2), (), NEXT, 9, (3, 4, 5)),
    ((0, 9), (2,), NEXT, 9, (3, 4, 5)),
    ((0, 2), (), NEXT, 2, (3, 4)),
    ((0, 2), (), NEXT, 0, ()),
    ((0, 9), (), NEXT, 9, ()),
    ((0, 9), (5,), NEXT, 9, ()),
    ((0, 7), (), {7: 7}, 99, (7,) * BLOCK),
    ((), (), NEXT, 9, ()),
]


@pytest.mark.parametrize(("prompt", "emitted", "successors", "budget", "expected"), DRAFTS)
def test_drafts(
    prompt: tuple[int, ...],
    emitted: tuple[int, ...],
    successors: Mapping[int, int],
    budget: int,
    expected: tuple[int, ...],
) -> None:
    """The chain begins behind the last token and ends at a separator, the unknown, the budget or the block."""
    drafter = Recycling()
    drafter.begin(Prompt(prompt, SEPARATORS))
    assert drafter.propose(replace(tip(emitted), successors=successors), budget).tokens == expected
