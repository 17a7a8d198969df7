"""Drafting the text that is being rewritten."""

from __future__ import annotations

import random

import pytest

from decoding.drafters.edit_copy import AHEAD, BLOCK, EditCopy
from decoding.types import Drafter, Prompt
from tests.decoding.drafters.drafter_contract import SEPARATORS, DrafterContract, tip

OLD = tuple(range(2, 42))


class TestEditCopy(DrafterContract):
    """Rewriting a short text with repetitions."""

    def make(self) -> Drafter:
        """Return it."""
        return EditCopy((2, 3, 4, 2, 3, 5, 6, 4, 4, 2), "previous")


DRAFTS = [
    # written, how the old text goes on, match length
    ((), OLD[:5], 8),
    ((2, 3, 4), OLD[3:8], 8),
    ((2, 3, 90), OLD[2:7], 1),  # something was put in, or in the place of 4
    ((2, 3, 90, 4), OLD[3:8], 1),
    ((2, 3, 90, 91, 4, 5), OLD[4:9], 2),
    ((2, 3, 90, 5, 6), OLD[5:10], 2),  # 4 was replaced
    ((2, 3, 10, 11), OLD[10:15], 2),  # 4 to 9 were left out
    ((2, 3, 10, 11, 12), OLD[11:16], 3),
    ((2, 3, 4, 5, 6, 3, 4), OLD[3:8], 2),  # said again
    (OLD, (), 0),
]


@pytest.mark.parametrize(("written", "expected", "length"), DRAFTS)
def test_drafts(written: tuple[int, ...], expected: tuple[int, ...], length: int) -> None:
    """Copying goes on behind the change."""
    drafter = EditCopy(OLD)
    drafter.begin(Prompt((0,), SEPARATORS))
    drafter.observe(written)
    draft = drafter.propose(tip(written), 5)
    assert (draft.tokens, draft.match_length) == (expected, length)


def test_the_typed_part_counts() -> None:
    """What stands of the middle in the prompt has been written already."""
    drafter = EditCopy(OLD)
    drafter.begin(Prompt((7, 0, 2, 3), SEPARATORS))
    assert drafter.propose(tip(), 3).tokens == (4, 5, 6)
    with pytest.raises(ValueError, match="cannot forget 1 of 0"):
        drafter.rewind(1)


def test_nothing_far_away_is_taken_up() -> None:
    """A match beyond the window is another text."""
    old = tuple(range(2, 2 + 3 * AHEAD))
    drafter = EditCopy(old)
    drafter.begin(Prompt((0,), SEPARATORS))
    drafter.observe((2, *old[2 * AHEAD : 2 * AHEAD + 3]))
    assert drafter.propose(tip(), 2).tokens == old[1:3]


def test_drafts_never_pass_the_block() -> None:
    """However long the rest, a draft ends at the block."""
    drafter = EditCopy(OLD)
    drafter.begin(Prompt((0,), SEPARATORS))
    assert drafter.propose(tip(), 99).tokens == OLD[:BLOCK]


def test_one_change_costs_few_passes() -> None:
    """Over random edits nearly all of the old text comes from drafts."""
    rng = random.Random(3)
    old = tuple(rng.randrange(2, 60) for _ in range(400))
    new = tuple(token for i, token in enumerate(old) for token in ((token, 99) if i % 50 == 49 else (token,)))
    drafter = EditCopy(old)
    drafter.begin(Prompt((0,), SEPARATORS))
    passes, at = 0, 0
    while at < len(new):
        right = drafter.propose(tip(), 10).right(new[at:])
        written = new[at : at + right + 1]
        drafter.observe(written)
        at += len(written)
        passes += 1
    assert passes <= 408 / 11 + 3 * 8
