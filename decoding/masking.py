"""The one place where bytes meet token ids: choosing a token under the monitors.

*Lazy and exact*, after AWRS (Lipkin et al. 2025): walk the candidates by their unpenalised
score, keep the best penalised one, and stop when the next unpenalised score is not above
it.  No later candidate can win, since penalties only lower a score.  "Take the first that is
not forbidden" would not be exact, and a mask over the whole vocabulary would not be cheap.
The same holds with the corrections of ``decoding.odds``, which only lower penalties further.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch

from analysis.facts import FactView
from decoding.odds import Odds, listed_tokens
from decoding.sampling import Sampler
from decoding.watch import Judgement, Watch
from models.vocabulary import Node, Vocabulary
from monitors.base import FORBIDDEN

# After this many forbidden candidates the vocabulary trie is cheaper: a forbidden prefix
# forbids all its extensions at once.
REFUSALS_BEFORE_TRIE = 8

# Trie nodes visited before the walk gives up; a 16k vocabulary has about 40k nodes, and the
# walk is for sites where little is legal.
TRIE_FUEL = 50_000

SHOWN_DENIALS = 4

Judge = Callable[[int], Judgement]


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


@dataclass(frozen=True)
class Masker:
    """Chooses tokens for one request.

    Attributes:
        vocabulary: Ids and their bytes.
        end_ids: Ids that end the middle.
        ending: First bytes of the real suffix, at least one: the middle may end where these
            may follow.
        sampler: How tokens are drawn.
    """

    vocabulary: Vocabulary
    end_ids: frozenset[int]
    ending: bytes
    sampler: Sampler

    def choose(self, row: torch.Tensor, position: int, watch: Watch, view: FactView) -> Choice:
        """Draw from the processed distribution of ``row`` (``[V]`` raw logits).

        Args:
            row: Raw logits.
            position: Index in the middle, the key of the noise.
            watch: The monitors' states before the token.
            view: Facts known.

        Returns:
            The kept candidate with the best penalised score.  If its monitor knows the finite set
            of what may come, the tokens of that set are candidates too: what the model thinks
            least of may be all there is.  If none of the kept is legal, the best legal token
            below; if there is none, the same without the newest monitor that is not sound; with
            sound ones alone, no token.
        """
        kept = self.sampler.rank(row, position)
        stood_down: tuple[str, ...] = ()
        denials: tuple[Denial, ...] = ()
        while True:
            best, refused = self._best_legal(kept, row, position, watch, view)
            denials = denials or refused
            if best is not None:
                return Choice(best, tuple(d for d in denials if d.token != best)[:SHOWN_DENIALS], stood_down)
            relaxed = watch.stand_down()
            if relaxed is None:
                return Choice(None, denials[:SHOWN_DENIALS], stood_down)
            watch, name = relaxed
            stood_down = (*stood_down, name)

    def judge(self, token: int, watch: Watch, view: FactView) -> Judgement:
        """Return what the monitors say of one token; special tokens that end nothing are forbidden."""
        if token in self.end_ids:
            return watch.judge(self.ending, view, is_suffix=True)
        data = self.vocabulary.bytes_of(token)
        return watch.judge(data, view) if data else Judgement(FORBIDDEN, "vocabulary")

    def legal_tokens(self, watch: Watch, view: FactView, fuel: int = TRIE_FUEL) -> set[int] | None:
        """Return every token that is not forbidden, or None when the trie is too large to walk."""
        legal = {token for token in self.end_ids if self.judge(token, watch, view).penalty != FORBIDDEN}
        stack: list[tuple[Node, bytes]] = [(self.vocabulary.trie, b"")]
        while stack:
            node, text = stack.pop()
            for byte, child in node.children.items():
                fuel -= 1
                if fuel < 0:
                    return None
                longer = text + bytes((byte,))
                if watch.judge(longer, view).penalty != FORBIDDEN:
                    legal.update(child.ids)
                    stack.append((child, longer))
        return legal

    def _best_legal(
        self, kept: list[tuple[float, int]], row: torch.Tensor, position: int, watch: Watch, view: FactView
    ) -> tuple[int | None, tuple[Denial, ...]]:
        """Try the kept candidates; then what a monitor lists instead, or everything legal below them."""

        odds = Odds(row, watch, view, self.vocabulary)

        def judge(token: int) -> Judgement:
            judgement = self.judge(token, watch, view)
            if not FORBIDDEN < judgement.penalty < 0:
                return judgement
            data = b"" if token in self.end_ids else self.vocabulary.bytes_of(token) or b""
            correction = odds.correction(data, judgement.monitor)
            return Judgement(judgement.penalty + correction, judgement.monitor)

        best, denials, forbidden = lazy_best(kept, judge, REFUSALS_BEFORE_TRIE)
        if best is not None:
            listed = self._listed_instead(best, denials, watch)
            if listed:
                both = {*kept, *self.sampler.rank_among(row, position, listed)}
                best, denials, _ = lazy_best(sorted(both, key=best_first), judge, len(both) + 1)
            return best, denials
        legal = self.legal_tokens(watch, view)
        if legal is None:
            return lazy_best(kept, judge, len(kept) + 1)[0], denials
        if forbidden < len(kept):
            best = lazy_best((c for c in kept if c[1] in legal), judge, len(kept) + 1)[0]
        if best is None and legal:
            ids = torch.tensor(sorted(legal), device=row.device)
            values, order = torch.sort(row[ids], descending=True, stable=True)
            below = zip(values.tolist(), ids[order].tolist(), strict=True)
            best = lazy_best(below, judge, len(legal) + 1)[0]
        return best, denials

    def _listed_instead(self, best: int, denials: tuple[Denial, ...], watch: Watch) -> list[int]:
        """Return the tokens of the finite set that the best candidate does not belong to; none if there is no such."""
        objector = next((denial.monitor for denial in denials if denial.token == best), None)
        closed = watch.closed_by(objector) if objector is not None else None
        return listed_tokens(self.vocabulary.trie, closed) if closed is not None else []


def best_first(candidate: tuple[float, int]) -> tuple[float, int]:
    """Sort key of (score, token id): the best score first, equal ones by id."""
    return -candidate[0], candidate[1]


def lazy_best(
    candidates: Iterable[tuple[float, int]], judge: Judge, patience: int
) -> tuple[int | None, tuple[Denial, ...], int]:
    """Find the candidate with the best penalised score without judging them all.

    Args:
        candidates: (score, token id), best score first.
        judge: Gives the penalty of a token.
        patience: Gives up after so many forbidden candidates with no legal one among them.

    Returns:
        The token or None; the better-scored ones that lost, best first; how many were forbidden.
    """
    best_token: int | None = None
    best_score = FORBIDDEN
    denials: list[Denial] = []
    forbidden = 0
    for score, token in candidates:
        if best_token is not None and score <= best_score:
            break
        judgement = judge(token)
        if judgement.penalty < 0:
            denials.append(Denial(token, judgement.monitor))
        if judgement.penalty == FORBIDDEN:
            forbidden += 1
            if forbidden >= patience and best_token is None:
                break
        elif score + judgement.penalty > best_score:
            best_token, best_score = token, score + judgement.penalty
    return best_token, tuple(denials), forbidden
