"""Drafting by extra heads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from decoding.drafters.heads import HeadsDrafter
from decoding.types import Drafter, Prompt, Tip
from models.heads import Heads
from tests.decoding.drafters.drafter_contract import SEPARATORS, DrafterContract, tip

WIDTH = 4

# Two heads that leave a state as it is: each guesses the token whose embedding is most like it.
HEADS = Heads(torch.zeros(2, WIDTH, WIDTH), 9 * torch.eye(WIDTH))


def seen(token: int) -> Tip:
    """Return a tip whose state speaks for a token."""
    return replace(tip(), hidden=torch.eye(WIDTH)[token])


class TestHeads(DrafterContract):
    """At a tip whose state depends on what was written last."""

    def make(self) -> Drafter:
        """Return it."""
        return HeadsDrafter(HEADS)

    def tip(self, emitted: Sequence[int]) -> Tip:
        """Return such a tip."""
        return seen(emitted[-1] % WIDTH) if emitted else tip()


def test_a_token_a_head_is_drafted() -> None:
    """The nearest token first, no more than the budget."""
    drafter = HeadsDrafter(HEADS)
    drafter.begin(Prompt((5,), SEPARATORS))
    assert drafter.propose(seen(2), 9).tokens == (2, 2)
    assert drafter.propose(seen(3), 1).tokens == (3,)


def test_without_a_state_there_is_no_draft() -> None:
    """Before the first pass, and with engines that tell none."""
    drafter = HeadsDrafter(HEADS)
    drafter.begin(Prompt((5,), SEPARATORS))
    assert drafter.propose(tip(), 9).tokens == ()


def test_doubt_drafts_nothing() -> None:
    """A state that speaks for every token alike is no guess."""
    drafter = HeadsDrafter(HEADS)
    drafter.begin(Prompt((5,), SEPARATORS))
    assert drafter.propose(replace(tip(), hidden=torch.ones(WIDTH)), 9).tokens == ()
