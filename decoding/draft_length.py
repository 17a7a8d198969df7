"""How many guessed tokens are worth verifying, from what a pass costs and how often guesses were right.

A draft of n tokens of which each is right with probability a yields 1 + a + ... + a^n tokens for
the price of a pass over n + 1.  The n with the most tokens a second is taken.  a is a moving
average for each drafter and each length of its match: how sure a copy is depends on how long the
agreement before it was.  Of several drafts the one that promises most tokens a second is taken; one that
rests on no match is no guess but what has to come, so none that begins otherwise is.  A drafter that takes
more time than it saves is asked only now and then, and the curve is corrected by what passes really take.
None of this changes the text.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from decoding.fusion import fused, main_chain
from decoding.types import Commit, Draft, Guess
from models.engines.cost import CostCurve

# Without a curve: about eight rows cost little more than one where 16-bit units are, and twice as much elsewhere.
DEFAULT_MOST = 10

# A pass takes no longer than this for the sake of a draft: cancelling waits for it.
LONGEST_PASS_S = 0.03

# A tree of drafts has so many tokens at most, and is worth the trouble where that many cost little more than one:
# on a graphics card.  Elsewhere a chain is.
MOST_NODES = 31
NEARLY_FREE = 1.5

# How much of what was seen is left after each further draft.
MEMORY = 0.97

# Beside a guess that rests on so many tokens no other one is asked for: it is seldom better, and looking takes time.
ENOUGH = 4

# Match lengths from here on are as good as each other, and so is a guess that rests on no match.
SURE = 8

# A drafter whose proposals take less than this share of a pass is always asked: all of them together must not be felt.
CHEAP = 0.005

# What a question to a drafter is taken to earn before anything is known of it, as a share of a pass.
FIRST_CREDIT = 0.05

# A pass that took so many times what the curve says was interrupted; it counts as if it had taken that.
INTERRUPTED = 3.0

# How much of what a drafter cost and earned is left after each further question, and how often one is asked that
# costs more than it earns.
LONG_MEMORY = 0.99
NOW_AND_THEN = 16


@dataclass
class _Account:
    """What asking a drafter costs and earns, seconds a question."""

    earned: float
    cost: float = 0.0
    passed_over: int = 0


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
        credit = 0.0 if curve is None else FIRST_CREDIT * curve.at(1)
        self._accounts: defaultdict[str, _Account] = defaultdict(lambda: _Account(credit))
        if most is None:
            most = DEFAULT_MOST if curve is None else max(1, curve.most_within(LONGEST_PASS_S) - 1)
        self.most = most
        # Seconds of a pass, by the number of guessed tokens in it.
        self._costs = () if curve is None else tuple(curve.at(n + 1) for n in range(most + 1))
        # How many times what the curve says passes take: those over one token, and those over more.
        self._pace = [1.0, 1.0]
        self._is_wide = curve is not None and curve.at(MOST_NODES + 1) <= NEARLY_FREE * curve.at(1)

    @property
    def curve(self) -> CostCurve | None:
        """What it decides by."""
        return self._curve

    def wants(self, drafter: str, drafts: Sequence[Draft]) -> bool:
        """Whether a drafter is worth asking now, when those before it have guessed ``drafts``."""
        if not self._is_wide and any(draft.match_length >= ENOUGH for draft in drafts):
            return False
        account = self._accounts[drafter]
        if not self._costs or account.cost < max(account.earned, CHEAP * self._costs[0]):
            return True
        account.passed_over = (account.passed_over + 1) % NOW_AND_THEN
        return not account.passed_over

    def took(self, n_tokens: int, seconds: float) -> None:
        """Note what a pass really took: beside other programs those over many tokens slow down more than others."""
        if self._curve is not None:
            ratio = min(seconds / self._curve.at(n_tokens), INTERRUPTED)
            self._pace[n_tokens > 1] = MEMORY * self._pace[n_tokens > 1] + (1 - MEMORY) * ratio

    @property
    def _dearer(self) -> float:
        """How many times what the curve promises a pass over several tokens costs beside one over one."""
        return self._pace[True] / self._pace[False]

    def asked(self, drafter: str, seconds: float) -> None:
        """Note what a question took."""
        account = self._accounts[drafter]
        account.cost = LONG_MEMORY * account.cost + (1 - LONG_MEMORY) * seconds
        account.earned *= LONG_MEMORY

    def best(self, drafts: Sequence[Draft], room: int) -> Guess:
        """Return as much as is worth verifying of what promises most.

        Args:
            drafts: Of all drafters; the first of equals is taken.
            room: Most tokens.
        """
        made = [draft for draft in drafts if draft.tokens]
        if forced := next((draft.tokens for draft in made if not draft.match_length), ()):
            made = [draft for draft in made if draft.right(forced) == len(forced)]
        if self._curve is not None and self._is_wide:
            return fused([(draft, self._likelihood(draft)) for draft in made], self._curve, min(MOST_NODES, room))
        chosen, promised = Draft(), 0.0
        for draft in made:
            length, speed = self._promise(draft)
            if speed > promised:
                chosen, promised = main_chain(draft, min(length, room)), speed
        # Of those that guess the same and are as sure the first has guessed it, whoever was luckier so far.
        first = next((main_chain(draft, len(chosen.tokens)) for draft in made if _begins(draft, chosen)), chosen)
        return Guess.of(first)

    def worth(self, draft: Draft) -> int:
        """Return how many tokens of a draft should be verified, from 0 to all."""
        return self._promise(draft)[0]

    def _promise(self, draft: Draft) -> tuple[int, float]:
        """Return how many tokens of a draft should be verified, and the tokens a second that this promises.

        Without a curve, tokens a pass; 0 if nothing should be verified.
        """
        tokens = main_chain(draft).tokens if draft.parents else draft.tokens
        longest = min(len(tokens), self.most)
        if not longest:
            return 0, 0.0
        likely = self._likelihood(draft)
        if self._curve is None:
            return longest, sum(likely**length for length in range(longest + 1))
        best, best_speed = 0, 1 / self._costs[0]
        expected, all_right, dearer = 1.0, 1.0, self._dearer
        for length, cost in enumerate(self._costs[1 : longest + 1], start=1):
            all_right *= likely
            expected += all_right
            if (speed := expected / (cost * dearer)) > best_speed:
                best, best_speed = length, speed
        if not best:
            self._seen[kind_of(draft)].add(0, 0)  # forgets a little, so that it is tried again some time
        return best, best_speed if best else 0.0

    def observe(self, guess: Guess, commit: Commit) -> None:
        """Learn how much of each draft was right; nothing is learned from one that was not verified."""
        more = self._dearer * self._curve.at(len(guess.tokens) + 1) - self._curve.at(1) if self._curve else 0.0
        for draft in guess.drafts:
            right = draft.right(commit.tokens)
            if self._curve is not None:
                saved = right * self._curve.at(1) - more / len(guess.drafts)
                self._accounts[draft.source].earned += (1 - LONG_MEMORY) * saved
            self._seen[kind_of(draft)].add(right, right < len(main_chain(draft).tokens))

    def _likelihood(self, draft: Draft) -> float:
        """Return how likely each token is right if those before it are.

        A match of m tokens counts as m right guesses and two wrong ones, seen before: in true continuations of
        standard-library files 0.55 of the guesses at m = 2 were right, 0.62 at 4, 0.69 at 6 and 0.89 from 8 on.
        """
        seen, (_, length) = self._seen[kind_of(draft)], kind_of(draft)
        return (seen.right + length) / (seen.right + seen.wrong + length + 2)


def _begins(draft: Draft, chosen: Draft) -> bool:
    """Whether a draft begins with all of another one's tokens, and rests on as long a match."""
    return draft.match_length == chosen.match_length and main_chain(draft, len(chosen.tokens)).tokens == chosen.tokens


def kind_of(draft: Draft) -> tuple[str, int]:
    """Return the drafter and how long its match was; all that are sure are of one kind."""
    return draft.source, min(draft.match_length or SURE, SURE)
