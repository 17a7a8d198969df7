"""Drafting from texts outside the prompt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from decoding.drafters.suffix import BLOCK, Suffix
from decoding.types import Drafter, Prompt
from models.suffix_index import Copy, Entry, SuffixIndex
from tests.decoding.drafters.drafter_contract import SEPARATORS, DrafterContract, tip


@dataclass(frozen=True)
class Held:
    """An index without files that could change; a corpus."""

    index: SuffixIndex

    @classmethod
    def of(cls, *texts: Sequence[int]) -> Held:
        """Index some texts."""
        return cls(SuffixIndex.build([(Entry("", 0, 0, len(ids)), ids) for ids in texts], 300))

    def follow(self, context: Sequence[int], count: int) -> Copy | None:
        """Search them."""
        return self.index.follow(context, count, lambda entry: True)


class TestSuffix(DrafterContract):
    """Over two texts."""

    def make(self) -> Drafter:
        """Return it."""
        return Suffix([Held.of((2, 3, 4, 5, 6, 2, 3), (4, 4, 4, 4, 2), (2, 2, 2, 2, 2))])


# What stands elsewhere.
HELD = (2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)

DRAFTS = [
    # before the middle, prompt, emitted, budget, draft, match length
    ((), (0, 2, 3, 4, 5), (), 9, HELD[4:12], 4),
    ((), (0, 2, 3), (4, 5), 9, HELD[4:12], 4),
    ((), (0,), (2, 3, 4, 5), 1, (6,), 4),
    ((2, 3, 4, 5), (30, 0), (), 9, HELD[4:12], 4),  # the middle follows the prefix, whatever stands before it
    ((20, 2, 3, 4), (30, 0, 5), (), 9, HELD[4:12], 4),
    ((), (2, 3, 4, 5, 0), (), 9, (), 0),  # nothing is known to stand before the middle
    ((), (0, 2, 3, 4, 5, 6), (), 9, HELD[5:14], 5),
    ((), (0, 20, 3, 4, 5), (), 9, (), 0),
]


@pytest.mark.parametrize(("before", "prompt", "emitted", "budget", "expected", "length"), DRAFTS)
def test_drafts(
    before: tuple[int, ...],
    prompt: tuple[int, ...],
    emitted: tuple[int, ...],
    budget: int,
    expected: tuple[int, ...],
    length: int,
) -> None:
    """What followed the longest match is drafted, twice as long as it agrees; it is worth half of a match there."""
    drafter = Suffix([Held.of(HELD)])
    drafter.begin(Prompt(prompt, SEPARATORS, before))
    draft = drafter.propose(tip(emitted), budget)
    assert (draft.tokens, draft.match_length) == (expected, length // 2)


def test_the_longest_match_of_all_corpora_decides() -> None:
    """The nearest wins only among equals."""
    near, far = Held.of((9, 3, 4, 3, 4, 7, 7)), Held.of((2, 3, 4, 3, 4, 5, 5))
    drafter = Suffix([near, far])
    drafter.begin(Prompt((0, 2, 3, 4, 3, 4), SEPARATORS))
    assert drafter.propose(tip(), 9).tokens == (5, 5)
    drafter.begin(Prompt((0, 8, 3, 4, 3, 4), SEPARATORS))
    assert drafter.propose(tip(), 9).tokens == (7, 7)


def test_copies_never_cross_texts() -> None:
    """A draft ends with the text it is from, and no match begins in another one."""
    drafter = Suffix([Held.of((2, 3, 2, 3, 4), (5, 6, 7, 8))])
    drafter.begin(Prompt((0, 2, 3, 2, 3), SEPARATORS))
    assert drafter.propose(tip(), 9).tokens == (4,)
    drafter.begin(Prompt((0, 3, 4, 5, 6), SEPARATORS))
    assert drafter.propose(tip(), 9).tokens == ()


def test_drafts_never_pass_the_block() -> None:
    """However long the agreement, a draft ends at the block."""
    drafter = Suffix([Held.of(tuple(range(2, 102)))])
    drafter.begin(Prompt((0, *range(2, 30)), SEPARATORS))
    assert drafter.propose(tip(), 99).tokens == tuple(range(30, 30 + BLOCK))


def test_without_corpora_there_are_no_drafts() -> None:
    """Nothing to copy from, nothing to propose."""
    drafter = Suffix([])
    drafter.begin(Prompt((0, 2, 3), SEPARATORS))
    assert drafter.propose(tip(), 9).tokens == ()
