"""The one place where bytes meet token ids: choosing a token under the monitors.

*Lazy and exact*, after AWRS (Lipkin et al. 2025): walk the candidates by their unpenalised
score, keep the best penalised one, and stop when the next unpenalised score is not above
it.  No later candidate can win, since penalties only lower a score.  "Take the first that is
not forbidden" would not be exact, and a mask over the whole vocabulary would not be cheap.
The same holds with the corrections of ``decoding.odds``, which only lower penalties further.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from types import MappingProxyType
from typing import NamedTuple

import torch

from analysis.facts import FactView
from decoding.bounds import Bounds
from decoding.futures import ALIGNED, Futures
from decoding.odds import Odds, listed_tokens
from decoding.sampling import Ranked, Sampler
from decoding.verdicts import Verdicts
from decoding.watch import Judgement, Watch
from models.vocabulary import Vocabulary
from monitors.base import FORBIDDEN, Continuations

# Forbidden tokens that are looked at below the kept ones before the site is given up.  What shares
# a forbidden beginning counts too, but costs next to nothing.
MOST_BELOW = 50_000

SHOWN_DENIALS = 4

# So many of the model's favourites show which monitor has something else in mind.
FAVOURITES = 8

Judge = Callable[[int], Judgement]

NO_DISCOUNTS: Mapping[int, float] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Denial:
    """A token that would have been chosen had no monitor objected.

    Attributes:
        token: Its id.
        monitor: The monitor with the highest penalty.
    """

    token: int
    monitor: str


@dataclass(frozen=True, slots=True)
class Choice:
    """The token to emit.

    Attributes:
        token: Its id; None when nothing is legal.
        denials: Better-scored tokens that monitors kept from being chosen, best first.
        stood_down: Monitors set aside because nothing was legal with them.
    """

    token: int | None
    denials: tuple[Denial, ...] = ()
    stood_down: tuple[str, ...] = ()


class Found(NamedTuple):
    """The best of some candidates.

    Attributes:
        token: Its id; None if none is legal.
        score: Its penalised score, ``FORBIDDEN`` if there is none.
        denials: Better-scored candidates that lost, best first, no more than are shown.
    """

    token: int | None
    score: float
    denials: tuple[Denial, ...]


@dataclass(frozen=True)
class Masker:
    """Chooses tokens for one request.

    Attributes:
        vocabulary: Ids and their bytes.
        end_ids: Ids that end the middle.
        ending: First bytes of the real suffix, at least one: the middle may end where these
            may follow.
        sampler: How tokens are drawn.
        strength: None to take facts as evidence (``decoding.odds``).  A number for the soft product of
            experts instead: probabilities are p(x) m(x)^strength, where ln m are the monitors' penalties.
        futures: What earlier candidates have shown to become of each beginning; None to draw without.
    """

    vocabulary: Vocabulary
    end_ids: frozenset[int]
    ending: bytes
    sampler: Sampler
    strength: float | None = None
    futures: Futures | None = None

    def choose(
        self, row: torch.Tensor, position: int, watch: Watch, view: FactView, written: Iterable[int] = ()
    ) -> Choice:
        """Draw from the processed distribution of ``row`` (``[V]`` raw logits).

        Args:
            row: Raw logits.
            position: Index in the middle, the key of the noise.
            watch: The monitors' states before the token.
            view: Facts known.
            written: Ids of the middle before the token; only ``futures`` reads them.

        Returns:
            The kept candidate with the best penalised score.  If that costs something, and a monitor that
            objects to the model's favourites knows the finite set of what may come, the tokens of that
            set are candidates too: what the model thinks least of may be all there is.  If none of the
            kept is legal, the best legal token
            below; if there is none, the same without the newest monitor that is not sound; with
            sound ones alone, no token.
        """
        discounts = self.futures.discounts(written) if self.futures is not None else NO_DISCOUNTS
        verdicts, odds = self.verdicts(watch, view), Odds(row, watch, view, self.vocabulary)
        # Most tokens: nothing beats a best one that costs nothing, so the others need no ranking.
        favourite = None if discounts else self.sampler.favourite(row)
        if favourite is not None and verdicts.of(favourite).penalty == 0:
            if self._stands(favourite, odds):
                return Choice(favourite)
        kept = self.sampler.rank(row, position)
        stood_down: tuple[str, ...] = ()
        denials: tuple[Denial, ...] = ()
        while True:
            best, refused = self._best_legal(kept, row, position, verdicts, odds, discounts)
            denials = denials or refused
            if best is not None:
                return Choice(best, tuple(d for d in denials if d.token != best)[:SHOWN_DENIALS], stood_down)
            relaxed = watch.stand_down()
            if relaxed is None:
                return Choice(None, denials[:SHOWN_DENIALS], stood_down)
            watch, name = relaxed
            verdicts, odds = self.verdicts(watch, view), Odds(row, watch, view, self.vocabulary)
            stood_down = (*stood_down, name)

    def shares(self, row: torch.Tensor, watch: Watch, view: FactView) -> dict[int, float]:
        """Return p(x) m(x)^strength for each kept token: what ``choose`` draws by, before it is normalised.

        The sum is at most 1; what is missing is what the monitors take away.
        """
        judge = self._weighed(self.verdicts(watch, view), Odds(row, watch, view, self.vocabulary), NO_DISCOUNTS)
        return {token: share * math.exp(judge(token).penalty) for token, share in self.sampler.shares(row)}

    def verdicts(self, watch: Watch, view: FactView) -> Verdicts:
        """Return the monitors' judgements at one position, not weighed yet."""
        return Verdicts(self.vocabulary, (self.end_ids, self.ending), watch, view)

    def _stands(self, favourite: int, odds: Odds) -> bool:
        """Whether nothing beats a favourite that no monitor objects to."""
        if self.strength is not None or odds.aside(favourite, favourite in self.end_ids).penalty == 0:
            return True
        return odds.outweighs(favourite)

    def _best_legal(
        self,
        kept: Ranked,
        row: torch.Tensor,
        position: int,
        verdicts: Verdicts,
        odds: Odds,
        discounts: Mapping[int, float],
    ) -> tuple[int | None, tuple[Denial, ...]]:
        """Try the kept candidates, and what a monitor lists instead; then everything below them."""
        judge = self._weighed(verdicts, odds, discounts)
        suspect, closed = self._suspect(kept, judge, odds)
        listed = listed_tokens(self.vocabulary.trie, closed) if closed is not None else None
        bounds = Bounds(verdicts, odds, suspect) if self.strength is None else None
        others = self.sampler.rank_among(row, position, listed) if listed is not None else ()
        instead = lazy_best(others, judge, bounds=bounds)
        # Without noise, whatever scores higher than a listed token that was not kept would have been kept itself.
        floor = instead.score if self.sampler.temperature <= 0 else FORBIDDEN
        found = lazy_best(kept, judge, bounds=bounds, floor=floor)
        if instead.score > found.score and (found.token is None or judge(found.token).penalty < 0):
            return instead.token, found.denials
        if found.token is None:
            return lazy_best(self._below(row, verdicts), judge, MOST_BELOW).token, found.denials
        return found.token, found.denials

    def _suspect(self, kept: Ranked, judge: Judge, odds: Odds) -> tuple[str, Continuations | None]:
        """Return the first monitor that objects to a favourite and knows what has to come instead, and that.

        Where none of them knows, it is the one that objects to most of them; "" where none does.
        """
        objectors: list[str] = []
        for _, token in islice(kept, FAVOURITES if self.strength is None else 0):
            judgement = judge(token)
            if judgement.penalty == 0:
                break
            objectors.append(judgement.monitor)
            closed = odds.closed_here(judgement.monitor)
            if closed is not None:
                return judgement.monitor, closed
        return max(objectors, key=objectors.count, default=""), None

    def _weighed(self, verdicts: Verdicts, odds: Odds, discounts: Mapping[int, float]) -> Judge:
        """Return what a token costs in all."""

        def judge(token: int) -> Judgement:
            judgement = verdicts.of(token)
            penalty, monitor, objectors = judgement.penalty, judgement.monitor, judgement.objectors
            if penalty == FORBIDDEN and not discounts:
                return judgement
            if self.strength is not None:
                penalty *= self.strength if penalty != FORBIDDEN else 1.0
            elif penalty != FORBIDDEN:
                is_end = token in self.end_ids
                if penalty < 0:
                    data = b"" if is_end else self.vocabulary.bytes_of(token) or b""
                    penalty += min(odds.correction(data, objector) for objector in objectors)
                aside = odds.aside(token, is_end)
                if aside.penalty < 0:
                    penalty, monitor = penalty + aside.penalty, monitor or aside.monitor
                    objectors = (*objectors, *aside.objectors)
            discount = discounts.get(token, 0.0)
            if penalty + discount == judgement.penalty:
                return judgement
            return Judgement(penalty + discount, monitor or ALIGNED, objectors)

        return judge

    def _below(self, row: torch.Tensor, verdicts: Verdicts) -> Iterable[tuple[float, int]]:
        """Yield what may be legal at all with its raw logit, best first."""
        ids = torch.tensor(sorted(verdicts.candidates()), dtype=torch.long, device=row.device)
        values, order = torch.sort(row[ids], descending=True, stable=True)
        return zip(values.tolist(), ids[order].tolist(), strict=True)


def lazy_best(
    candidates: Iterable[tuple[float, int]],
    judge: Judge,
    patience: int | None = None,
    bounds: Bounds | None = None,
    floor: float = FORBIDDEN,
) -> Found:
    """Find the candidate with the best penalised score without judging them all.

    Args:
        candidates: (score, token id), best score first.
        judge: Gives the penalty of a token.
        patience: Gives up after so many forbidden candidates with no legal one among them; None for never.
        bounds: Rules out tokens that stay below what another one has; they are not judged.
        floor: A penalised score that some token is known to have; what stays below it is not judged.
    """
    best_token: int | None = None
    best_score = FORBIDDEN
    denials: list[Denial] = []
    forbidden = 0
    for score, token in candidates:
        if score < floor or (best_token is not None and score <= best_score):
            break
        objector = None if bounds is None else bounds.objector(token, max(floor, best_score) - score)
        if objector is not None:
            if len(denials) <= SHOWN_DENIALS:
                denials.append(Denial(token, objector))
            continue
        judgement = judge(token)
        if judgement.penalty < 0 and len(denials) <= SHOWN_DENIALS:
            denials.append(Denial(token, judgement.monitor))
        if judgement.penalty == FORBIDDEN:
            forbidden += 1
            if forbidden == patience and best_token is None:
                break
        elif score + judgement.penalty > best_score:
            best_token, best_score = token, score + judgement.penalty
    return Found(best_token, best_score, tuple(denials))
