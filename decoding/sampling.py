"""From a row of logits to candidates in the order in which they would be chosen.

The processed distribution: temperature, then top-k, top-p and min-p on the raw row; then
the monitors' penalties; then Gumbel noise, whose argmax is a draw (Gumbel 1954; Maddison
et al. 2014).  Penalties only lower a score, so they can be asked for lazily
(``decoding.masking``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from decoding.noise import gumbel

MAX_CANDIDATES = 256

# A temperature below this is 0: what is divided by less may be no number any more.
COLDEST = 1e-200

# Nats below the best candidate within which most choices fall, and nearly all: those are sorted first.
NEAR = (2.0, 4.0)

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


Scored = list[tuple[float, int]]


class Ranked:
    """Candidates as (score, token id), best first; equal scores stand in the order of their ids.

    Sorted no further than somebody looks.
    """

    def __init__(self, rankings: Iterable[Callable[[], Scored]]) -> None:
        """Rank what the last of some ``rankings`` returns; it begins with what those before it return."""
        self._longer = iter(rankings)
        self._known: Scored = []

    def __iter__(self) -> Iterator[tuple[float, int]]:
        """Yield them all."""
        at = 0
        while at < len(self._known) or self._goes_on():
            yield self._known[at]
            at += 1

    def _goes_on(self) -> bool:
        """Sort further; whether there are more."""
        sorted_before = len(self._known)
        for ranking in self._longer:
            self._known = ranking() or self._known
            if len(self._known) > sorted_before:
                return True
        return False


@dataclass(frozen=True)
class Sampler:
    """How tokens are drawn from a row.

    Attributes:
        temperature: 0 takes the best token, and no other setting but ``top_k`` matters then.
        top_k: Most candidates kept, 1 to 256.
        top_p: Smallest head of the distribution with this mass is kept, 0 to 1.
        min_p: Candidates below this share of the best one's probability are dropped, 0 to 1.
        seed: Key of the noise.
        candidate: Number of the alternative text.
    """

    temperature: float = 0.0
    top_k: int = MAX_CANDIDATES
    top_p: float = 1.0
    min_p: float = 0.0
    seed: int = 0
    candidate: int = 0

    def rank(self, row: torch.Tensor, position: int) -> Ranked:
        """Return the kept candidates as (perturbed score, token id), best first.

        Args:
            row: ``[V]`` raw logits.
            position: Index in the middle, the key of the noise.

        Returns:
            At least one candidate; equal scores stand in the order of their ids.
        """
        near = self._near(row, min(self.top_k, MAX_CANDIDATES))
        return Ranked((*near, lambda: self._perturbed(*self._head(row), position)))

    def favourite(self, row: torch.Tensor) -> int | None:
        """Return the token that ``rank`` would have put first where that needs no noise, else None."""
        return peak(row)[0] if self.temperature <= 0 else None

    def rank_among(self, row: torch.Tensor, position: int, tokens: Ints) -> Ranked:
        """Return the best of some tokens as ``rank`` would have scored them, whether or not it kept them.

        Args:
            row: ``[V]`` raw logits.
            position: Index in the middle.
            tokens: ``[n]`` ids; the ``MAX_CANDIDATES`` with the best raw logits are ranked.
        """
        ids = torch.from_numpy(tokens).to(row.device)

        def every() -> Scored:
            raw, places = torch.topk(row[ids], min(MAX_CANDIDATES, len(ids)))
            return self._perturbed(raw.double().cpu().numpy(), ids[places].cpu().numpy(), position)

        return Ranked((*self._near(row[ids], MAX_CANDIDATES, tokens), every))

    def shares(self, row: torch.Tensor) -> list[tuple[int, float]]:
        """Return the kept tokens with their probabilities, which sum to 1; all on the best at temperature 0."""
        scores, tokens = self._head(row)
        if self.temperature <= 0:
            return [(int(tokens[np.lexsort((tokens, -scores))[0]]), 1.0)]
        weights = np.exp((scores - scores[0]) / self.temperature)
        return list(zip(tokens.tolist(), (weights / weights.sum()).tolist(), strict=True))

    def _head(self, row: torch.Tensor) -> tuple[Floats, Ints]:
        """Return the raw logits and the ids that top-k, top-p and min-p keep, best first."""
        raw, ids = torch.topk(row, min(self.top_k, MAX_CANDIDATES, row.shape[0]))
        # One copy, where the row is on a graphics card; float64 holds every id exactly.
        scores, wide_ids = torch.stack((raw.double(), ids.double())).cpu().numpy()
        tokens = wide_ids.astype(np.int64)
        keep = self._kept(scores / self.temperature) if self.temperature > 0 else len(scores)
        return scores[:keep], tokens[:keep]

    def _near(self, scores: torch.Tensor, most: int, tokens: Ints | None = None) -> Iterator[Callable[[], Scored]]:
        """Yield what ranks the candidates that score near the best one, wider and wider, as long as they are few.

        With noise, which may lift any of them, there is no such thing.

        Args:
            scores: ``[n]`` raw logits.
            most: How many are few.
            tokens: ``[n]`` ids; None where they are the places.
        """
        if self.temperature > 0:
            return
        values = scores.numpy(force=True)
        best = values.max(initial=-np.inf)

        def ranked(width: float) -> Scored:
            near = np.flatnonzero(values >= best - width)
            return in_order(values[near], near if tokens is None else tokens[near]) if len(near) <= most else []

        yield from (partial(ranked, width) for width in NEAR)

    def _perturbed(self, scores: Floats, tokens: Ints, position: int) -> Scored:
        if self.temperature > 0:
            scores = scores / self.temperature + gumbel(self.seed, self.candidate, position, tokens)
        return in_order(scores, tokens)

    def _kept(self, scores: Floats) -> int:
        """Count the head of ``scores`` (``[n]``, descending) that top-p and min-p keep; at least 1."""
        probabilities = np.exp(scores - scores[0])
        by_min_p = int((probabilities >= self.min_p).sum())
        before = np.cumsum(probabilities) - probabilities
        by_top_p = int((before < self.top_p * probabilities.sum()).sum())
        return max(1, min(by_min_p, by_top_p))


def in_order(scores: npt.NDArray[np.floating[Any]], tokens: Ints) -> Scored:
    """Return (score, token id) pairs, best first; equal scores stand in the order of their ids."""
    order = np.lexsort((tokens, -scores))
    return list(zip(scores[order].tolist(), tokens[order].tolist(), strict=True))


def peak(row: torch.Tensor) -> tuple[int, float]:
    """Return the token with the best raw logit of ``row`` (``[V]``), the first of equals, and that logit.

    A row that holds NaN has it for its best.
    """
    # Of one row numpy makes less ado than torch: this and the next one are asked of every token.
    values = row.numpy() if row.is_cpu else row
    token = int(values.argmax())
    return token, float(values[token])


def log_probability(row: torch.Tensor, token: int) -> float:
    """Return the raw log-probability (temperature 1) of ``token`` in ``row`` (``[V]``), nats."""
    if not row.is_cpu:
        return float(row[token] - torch.logsumexp(row, dim=-1))
    values = row.numpy()
    below = values - values.max()
    return float(below[token] - np.log(np.exp(below).sum()))
