"""How many guessed tokens are worth verifying, from what a pass costs and how often guesses were right.

A draft of n tokens of which each is right with probability a yields 1 + a + ... + a^n tokens for
the price of a pass over n + 1.  The n with the most tokens a second is taken.  a is a moving
average for each drafter and each length of its match: how sure a copy is depends on how long the
agreement before it was.  None of this changes the text.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from decoding.types import Commit, Draft
from models.engines.cost import CostCurve

# Without a curve: about eight rows cost little more than one where 16-bit units are, and twice as much elsewhere.
DEFAULT_MOST = 10

# A pass takes no longer than this for the sake of a draft: cancelling waits for it.
LONGEST_PASS_S = 0.03

# How much of what was seen is left after each further draft.
MEMORY = 0.97

# Match lengths from here on are as good as each other, and so is a guess that rests on no match.
SURE = 8


@dataclass
class _Seen:
    """Guesses of one kind, older ones counting less."""

    right: float = 0.0
    wrong: float = 0.0

    def add(self, right: int, wrong: int) -> None:
        self.right, self.wrong = MEMORY * self.right + right, MEMORY * self.wrong + wrong


class DraftLength:
    """Decides how much of a draft goes into a pass; one for all requests of a service, used on one thread.

    Attributes:
        most: Most tokens of a draft.
    """

    def __init__(self, curve: CostCurve | None = None, most: int | None = None) -> None:
        """Decide by ``curve``; without one every draft is worth its first ``most`` tokens."""
        self._curve = curve
        self._seen: defaultdict[tuple[str, int], _Seen] = defaultdict(_Seen)
        if most is None:
            most = DEFAULT_MOST if curve is None else max(1, curve.most_within(LONGEST_PASS_S) - 1)
        self.most = most

    @property
    def curve(self) -> CostCurve | None:
        """What it decides by."""
        return self._curve

    def worth(self, draft: Draft) -> int:
        """Return how many tokens of a draft should be verified, from 0 to all."""
        longest = min(len(draft.tokens), self.most)
        if self._curve is None or not longest:
            return longest
        likely = self._likelihood(draft)
        best, best_speed = 0, 1 / self._curve.at(1)
        expected, all_right = 1.0, 1.0
        for length in range(1, longest + 1):
            all_right *= likely
            expected += all_right
            speed = expected / self._curve.at(length + 1)
            if speed > best_speed:
                best, best_speed = length, speed
        if not best:
            self._seen[kind_of(draft)].add(0, 0)  # forgets a little, so that it is tried again some time
        return best

    def observe(self, draft: Draft, commit: Commit) -> None:
        """Learn how much of a draft was right; nothing is learned from one that was not verified."""
        if commit.drafted:
            self._seen[kind_of(draft)].add(commit.accepted, commit.accepted < commit.drafted)

    def _likelihood(self, draft: Draft) -> float:
        """Return how likely each token is right if those before it are."""
        seen, (_, length) = self._seen[kind_of(draft)], kind_of(draft)
        # A match of m tokens counts as m right guesses and a wrong one, seen before.
        return (seen.right + length) / (seen.right + seen.wrong + length + 1)


def kind_of(draft: Draft) -> tuple[str, int]:
    """Return the drafter and how long its match was; all that are sure are of one kind."""
    return draft.source, min(draft.match_length or SURE, SURE)
