"""How much of a draft is worth verifying."""

from __future__ import annotations

import pytest

from decoding.draft_length import DEFAULT_MOST, DraftLength
from decoding.types import Commit, Draft, Guess
from models.engines.cost import CostCurve

FLAT = CostCurve((1, 32), (0.001, 0.001))
STEEP = CostCurve((1, 2, 32), (0.001, 0.002, 0.0321))  # as if each token were run alone, and a bit more
CLIFF = CostCurve((1, 2, 4, 8, 16), (0.0024, 0.0034, 0.0036, 0.0046, 0.0065))
TYPICAL = CostCurve((1, 2, 4, 8, 16, 32), (0.0022, 0.0024, 0.0027, 0.0035, 0.0053, 0.0091))


def draft(length: int, match: int = 2, source: str = "copyspec") -> Draft:
    """Return a draft."""
    return Draft(tuple(range(length)), source, match)


def teach(length: DraftLength, right: int, times: int, match: int = 2) -> None:
    """Let so many of four tokens be right, again and again."""
    for _ in range(times):
        length.observe(Guess.of(draft(4, match)), Commit((*range(right), 99)))


def test_without_a_curve_the_first_tokens_are_taken() -> None:
    """Before the machine was measured every draft is verified, up to a fixed length."""
    assert DraftLength().worth(draft(31)) == DraftLength().most == DEFAULT_MOST
    assert DraftLength(most=3).worth(draft(2)) == 2


def test_where_more_tokens_cost_nothing_all_are_worth_it() -> None:
    """A flat curve takes the whole draft."""
    assert DraftLength(FLAT).worth(draft(20)) == 20


def test_where_each_token_costs_as_much_none_is_worth_it() -> None:
    """A curve without any gain takes nothing, however sure the drafter is."""
    assert DraftLength(STEEP).worth(draft(20, match=0)) == 0


def test_longer_matches_are_trusted_further() -> None:
    """At first a draft's length grows with the match that it rests on."""
    lengths = [DraftLength(TYPICAL).worth(draft(16, match)) for match in (1, 2, 4, 8)]
    assert lengths == sorted(lengths)
    assert lengths[0] < lengths[-1]


def test_what_is_seen_counts() -> None:
    """Drafts that are mostly right get longer, those that are mostly wrong shorter, each kind for itself."""
    good, bad = DraftLength(TYPICAL), DraftLength(TYPICAL)
    before = good.worth(draft(16))
    teach(good, right=4, times=20)
    teach(bad, right=0, times=20)
    assert bad.worth(draft(16)) <= 1 < before < good.worth(draft(16))
    assert bad.worth(draft(16, match=6)) > 0
    assert bad.worth(draft(16, match=2, source="another")) == before


def test_what_was_given_up_is_tried_again() -> None:
    """A kind of draft that was never right gets another chance some time."""
    length = DraftLength(CLIFF)
    teach(length, right=0, times=50)
    assert length.worth(draft(4)) == 0
    assert any(length.worth(draft(4)) for _ in range(200))


def test_what_passes_really_take_counts() -> None:
    """Where those over several tokens take longer than was measured, drafts get shorter; interruptions are nothing."""
    length = DraftLength(TYPICAL)
    before = length.worth(draft(16))
    for _ in range(100):
        length.took(1, TYPICAL.at(1))
        length.took(4, 1.6 * TYPICAL.at(4))
    assert length.worth(draft(16)) < before
    slow = DraftLength(TYPICAL)
    for _ in range(100):
        slow.took(1, 2 * TYPICAL.at(1))
        slow.took(4, 2 * TYPICAL.at(4))
    assert slow.worth(draft(16)) == before
    slow.took(8, 1000.0)
    assert slow.worth(draft(16)) >= before - 1


def test_no_draft_makes_a_pass_too_long() -> None:
    """A pass stays under the time that a cancelled request may still take."""
    assert DraftLength(CostCurve((1, 2, 4, 8), (0.02, 0.022, 0.029, 0.04))).most == 3
    assert DraftLength(CostCurve((1, 2), (0.5, 0.6))).most == 1


def test_a_commit_without_a_draft_teaches_nothing() -> None:
    """A step of the model alone says nothing about drafters."""
    length = DraftLength(TYPICAL)
    before = length.worth(draft(16))
    length.observe(Guess(), Commit((1,)))
    assert length.worth(draft(16)) == before


@pytest.mark.parametrize(
    ("tokens", "seconds"), [(1, 0.0022), (3, 0.00255), (8, 0.0035), (12, 0.0044), (32, 0.0091), (64, 0.0182)]
)
def test_between_measured_sizes_the_curve_is_straight(tokens: int, seconds: float) -> None:
    """Between two sizes the time is in between, beyond the last in proportion."""
    assert TYPICAL.at(tokens) == pytest.approx(seconds)


def test_the_draft_that_promises_most_is_taken() -> None:
    """A longer match, or what was right more often; the first of equals."""
    short, long = draft(6, match=2), draft(6, match=6, source="suffix")
    other = Draft((7, 8), "suffix", 2)
    assert DraftLength(TYPICAL).best([short, long], 99).sources[0] == "suffix"
    assert DraftLength().best([short, long], 99).sources[0] == "suffix"
    assert DraftLength(TYPICAL).best([draft(2), other], 99).sources == ("copyspec", "copyspec")
    taught = DraftLength(TYPICAL)
    teach(taught, right=0, times=20)
    assert taught.best([draft(2), other], 99).sources[0] == "suffix"


def test_what_has_to_come_is_not_outbid() -> None:
    """Of copies only those count that begin with what is forced; they may go on."""
    forced = Draft((5, 6), "monitor", 0)
    wrong, right = Draft(tuple(range(6, 20)), "copyspec", 8), Draft((5, 6, 7, 8), "copyspec", 8)
    assert DraftLength(TYPICAL).best([forced, wrong], 99).tokens == (5, 6)
    assert DraftLength(TYPICAL).best([wrong, forced], 99).tokens == (5, 6)
    assert DraftLength(TYPICAL).best([wrong, right, forced], 99).tokens == (5, 6, 7, 8)


def test_where_tokens_are_nearly_free_drafts_make_a_tree() -> None:
    """On a flat curve all drafts are verified at once, as far as there is room; on others one is."""
    one, other = Draft((2, 3), "copyspec", 4), Draft((2, 4), "suffix", 4)
    guess = DraftLength(FLAT, most=10).best([one, other], 99)
    assert (guess.tokens, guess.parents) == ((2, 3, 4), (-1, 0, 0))
    assert DraftLength(FLAT, most=10).best([one, other], 2).tokens == (2, 3)
    assert DraftLength(TYPICAL).best([one, other], 99).parents == ()


def test_each_draft_of_a_tree_teaches() -> None:
    """What was right of one teaches about its drafter, also when another's way was taken."""
    one, other = Draft((2, 3), "copyspec", 4), Draft((5, 6), "suffix", 4)
    length = DraftLength(FLAT, most=10)
    for _ in range(20):
        length.observe(length.best([one, other], 99), Commit((5, 6, 7)))
    assert length.best([one, other], 2).tokens == (5, 6)


def test_a_drafter_that_costs_more_than_it_saves_is_asked_now_and_then() -> None:
    """One that takes half a pass and is never right is left alone, until it earns something again."""
    length = DraftLength(TYPICAL)
    wrong = Guess.of(draft(4))

    def asks(times: int, emitted: int) -> int:
        asked = 0
        for _ in range(times):
            if length.wants("copyspec", ()):
                asked += 1
                length.asked("copyspec", TYPICAL.at(1) / 2)
                length.observe(wrong, Commit((emitted,) if emitted else (0, 1, 2, 3, 99)))
        return asked

    assert asks(30, emitted=99) > 5
    asks(300, emitted=99)
    assert 0 < asks(160, emitted=99) <= 10
    asks(1600, emitted=0)
    assert asks(30, emitted=0) == 30


def test_a_cheap_drafter_is_always_asked() -> None:
    """What takes next to nothing need not earn anything."""
    length = DraftLength(TYPICAL)
    for _ in range(500):
        assert length.wants("heal", ())
        length.asked("heal", TYPICAL.at(1) / 250)


def test_beside_a_good_guess_no_other_is_asked_for() -> None:
    """Except where several are verified at once."""
    good, poor = draft(4, match=4), draft(4, match=2)
    assert not DraftLength(TYPICAL).wants("suffix", [poor, good])
    assert DraftLength(TYPICAL).wants("suffix", [poor])
    assert DraftLength(FLAT).wants("suffix", [poor, good])
