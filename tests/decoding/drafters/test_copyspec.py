"""CopySpec on lists of a few small integers."""

from __future__ import annotations

import pytest

from decoding.drafters.copyspec import PAPER, CopySpec, CopySpecSettings, Place, agreement, follow, longest_match
from decoding.types import Drafter, Prompt
from tests.decoding.drafters.drafter_contract import SEPARATORS, DrafterContract, tip


class TestDefault(DrafterContract):
    """The tuned settings."""

    def make(self) -> Drafter:
        """Return it."""
        return CopySpec()


class TestPaper(DrafterContract):
    """The paper's settings."""

    def make(self) -> Drafter:
        """Return it."""
        return CopySpec(PAPER)


class TestEager(DrafterContract):
    """Copying after a single token: the most drafts of all."""

    def make(self) -> Drafter:
        """Return it."""
        return CopySpec(CopySpecSettings(gamma=1, place=Place.FIRST, block=3, growth=0))


DRAFTS = [
    # prompt, emitted, budget, draft, match length
    ((2, 3, 4, 5, 6), (2, 3), 9, (4, 5, 6, 2), 2),
    ((2, 3, 4, 5, 6), (2, 3), 1, (4,), 2),
    ((2, 3, 4, 5, 6), (3,), 9, (), 0),
    ((2, 3, 4, 5, 6), (9, 3), 9, (), 0),
    ((2, 3, 4, 2, 3, 5), (2, 3), 9, (5, 2, 3), 2),  # latest of equals
    ((9, 2, 3, 4, 8, 2, 3, 5), (9, 2, 3), 2, (4, 8), 3),  # longest before latest
    ((2, 3, 0, 5, 6), (2, 3), 9, (), 0),  # a separator follows
    ((2, 3, 4, 0, 5), (2, 3), 9, (4,), 2),  # up to the separator
    ((2, 0, 3, 4), (2, 0, 3), 9, (), 0),  # no gram holds a separator
    ((4, 5, 1, 2, 3, 4, 5), (), 9, (), 0),  # the end of the text ends in a gram a separator follows
    ((), (2, 3, 4, 2, 3), 9, (4, 2, 3), 2),  # from its own output
    ((2, 2, 2), (), 9, (2,), 2),
]


@pytest.mark.parametrize(("prompt", "emitted", "budget", "expected", "length"), DRAFTS)
def test_drafts(
    prompt: tuple[int, ...], emitted: tuple[int, ...], budget: int, expected: tuple[int, ...], length: int
) -> None:
    """What followed the longest, latest place is drafted, twice as long as it agrees."""
    drafter = CopySpec()
    drafter.begin(Prompt(prompt, SEPARATORS))
    drafter.observe(emitted)
    draft = drafter.propose(tip(emitted), budget)
    assert (draft.tokens, draft.match_length) == (expected, length)


def test_longer_agreement_drafts_more() -> None:
    """Three agreeing tokens draft six, four draft eight."""
    prompt = (*range(2, 20), 0)
    for agreeing in (2, 3, 4):
        drafter = CopySpec()
        drafter.begin(Prompt(prompt, SEPARATORS))
        drafter.observe(prompt[:agreeing])
        assert drafter.propose(tip(), 99).tokens == prompt[agreeing : agreeing * 3]


def test_drafts_never_pass_the_block() -> None:
    """However long the agreement, a draft ends at the block."""
    prompt = (*range(2, 200), 0)
    drafter = CopySpec()
    drafter.begin(Prompt(prompt, SEPARATORS))
    drafter.observe(prompt[:60])
    assert drafter.propose(tip(), 99).tokens == prompt[60:91]


def test_paper_takes_the_first_place_and_ten_tokens() -> None:
    """The paper's settings need three tokens, take the first place, and copy ten."""
    prompt = (2, 3, 4, *range(10, 30), 2, 3, 4, 5, 6, 7)
    drafter = CopySpec(PAPER)
    drafter.begin(Prompt(prompt, SEPARATORS))
    drafter.observe((2, 3))
    assert drafter.propose(tip(), 99).tokens == ()
    drafter.observe((4,))
    assert drafter.propose(tip(), 99).tokens == tuple(range(10, 20))


@pytest.mark.parametrize("count", [-1, 2])
def test_the_prompt_cannot_be_forgotten(count: int) -> None:
    """Only emitted tokens can be taken back."""
    drafter = CopySpec()
    drafter.begin(Prompt((2, 3, 4), SEPARATORS))
    drafter.observe((5,))
    with pytest.raises(ValueError, match=f"cannot forget {count} of 1"):
        drafter.rewind(count)


@pytest.mark.parametrize(
    ("tokens", "place", "limit", "length"),
    [
        ((2, 3, 9, 2, 3), 2, 9, 2),
        ((2, 3, 9, 2, 3), 2, 1, 1),
        ((2, 3, 9, 2, 3), 3, 9, 0),
        ((2, 0, 3, 9, 2, 0, 3), 3, 9, 1),
        ((2, 2, 2, 2), 3, 9, 3),
        ((2, 3), 0, 9, 0),
    ],
)
def test_agreement(tokens: tuple[int, ...], place: int, limit: int, length: int) -> None:
    """Equal tokens before the place and at the end are counted, up to a separator."""
    assert agreement(tokens, place, SEPARATORS, limit) == length


@pytest.mark.parametrize(
    ("places", "limit", "expected"),
    [
        ((3, 7), 9, (3, 3)),
        ((3, 7), 2, (7, 2)),
        ((7,), 9, (7, 2)),
    ],
)
def test_longest_match(places: tuple[int, ...], limit: int, expected: tuple[int, int]) -> None:
    """The longest wins, among equals the latest; what is beyond the limit does not count."""
    tokens = (9, 2, 3, 4, 8, 2, 3, 5, 9, 2, 3)
    assert longest_match(tokens, places, SEPARATORS, limit) == expected


@pytest.mark.parametrize(
    ("place", "count", "expected"), [(1, 2, (3, 4)), (1, 9, (3, 4)), (4, 9, (5,)), (5, 9, ()), (3, 9, ())]
)
def test_follow(place: int, count: int, expected: tuple[int, ...]) -> None:
    """Copying ends at the count, at a separator, at the end."""
    assert follow((2, 3, 4, 0, 5), place, count, SEPARATORS) == expected


def test_the_middle_follows_the_prefix() -> None:
    """Where the suffix stands between prefix and middle, the prefix's end is what a match begins with."""
    prefix, suffix = (2, 3, 4, 5, 2), (7, 8)
    drafter = CopySpec()
    drafter.begin(Prompt((*prefix, 0, *suffix, 1, 3), SEPARATORS, prefix))
    assert drafter.propose(tip(), 9).tokens == (4, 5, 2)
    drafter.begin(Prompt((*prefix, 0, *suffix, 1, 3), SEPARATORS))
    assert drafter.propose(tip(), 9).tokens == ()
