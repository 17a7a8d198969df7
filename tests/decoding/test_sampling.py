"""Rows become candidates in the order in which they would be chosen."""

import math
from itertools import islice

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from decoding.sampling import Sampler, log_probability


def check(sampler: Sampler, row: list[float], expected: list[int]) -> None:
    """Compare the set of kept tokens, in id order."""
    kept = sorted(token for _, token in sampler.rank(torch.tensor(row), position=0))
    assert kept == expected


def test_greedy_orders_by_logit_then_by_id() -> None:
    """Equal logits stand in the order of their ids, so that ties break the same way everywhere."""
    ranked = Sampler().rank(torch.tensor([1.0, 3.0, 2.0, 3.0]), position=0)
    assert [token for _, token in ranked] == [1, 3, 2, 0]


LOGITS = st.lists(st.integers(-24, 24).map(lambda quarters: quarters / 4), min_size=1, max_size=400)


@given(row=LOGITS, top_k=st.sampled_from([3, 256]), few=st.integers(0, 40))
def test_sorting_no_further_than_asked_changes_nothing(row: list[float], top_k: int, few: int) -> None:
    """However far somebody looks, and again: the order of all, the best ``top_k`` of them, equals by their ids."""
    ranked = Sampler(top_k=top_k).rank(torch.tensor(row), position=0)
    best = sorted(((logit, token) for token, logit in enumerate(row)), key=lambda pair: (-pair[0], pair[1]))
    beginning, every = list(islice(ranked, few)), list(ranked)
    assert beginning == every[:few]
    assert [score for score, _ in every] == [score for score, _ in best[:top_k]]
    assert every == sorted(every, key=lambda pair: (-pair[0], pair[1]))
    sure = [pair for pair in best if pair[0] > every[-1][0]]
    assert every[: len(sure)] == sure


@given(row=LOGITS)
def test_some_tokens_are_ranked_like_all(row: list[float]) -> None:
    """Those asked for, in the order that they have among all."""
    tokens = np.arange(0, len(row), 2)[::-1].copy()
    among = list(Sampler().rank_among(torch.tensor(row), 0, tokens))
    expected = sorted(((row[token], token) for token in tokens.tolist()), key=lambda pair: (-pair[0], pair[1]))
    assert among == expected[: len(among)]
    assert len(among) == min(256, len(tokens))


def test_what_lies_far_below_is_sorted_only_if_somebody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A choice near the favourite costs no ranking of all."""
    asked: list[int] = []
    monkeypatch.setattr(torch, "topk", lambda row, k: asked.append(k) or (row[:k], torch.arange(k)))
    ranked = Sampler().rank(torch.tensor([9.0, 8.5, *[0.0] * 300]), position=0)
    assert list(islice(ranked, 2)) == [(9.0, 0), (8.5, 1)]
    assert not asked
    assert len(list(ranked)) == 256
    assert asked == [256]


@pytest.mark.parametrize("row", [[1.0, 3.0, 2.0, 3.0], [0.0] * 200, [-math.inf, 2.0, 2.0]])
def test_the_favourite_is_what_ranks_first(row: list[float]) -> None:
    """Without noise the best token needs no ranking; with noise there is no such shortcut."""
    assert Sampler().favourite(torch.tensor(row)) == next(iter(Sampler().rank(torch.tensor(row), position=0)))[1]
    assert Sampler(temperature=0.5).favourite(torch.tensor(row)) is None


@pytest.mark.parametrize(
    ("sampler", "expected"),
    [
        (Sampler(temperature=1.0), [0, 1, 2, 3]),
        (Sampler(temperature=1.0, top_k=2), [0, 1]),
        (Sampler(temperature=1.0, top_p=0.6), [0]),
        (Sampler(temperature=1.0, top_p=0.7), [0, 1]),
        (Sampler(temperature=1.0, top_p=0.0), [0]),
        (Sampler(temperature=1.0, min_p=0.2), [0, 1]),
        (Sampler(temperature=2.0, min_p=0.25), [0, 1, 2]),
        (Sampler(temperature=1.0, min_p=1.0), [0]),
    ],
)
def test_what_is_kept(sampler: Sampler, expected: list[int]) -> None:
    """Top-k, then top-p and min-p, on the row after temperature."""
    check(sampler, [3.0, 2.0, 1.0, 0.0], expected)  # probabilities 0.64 0.24 0.09 0.03


def test_log_probability_is_raw() -> None:
    """The reported log-probability is that of the softmax at temperature 1."""
    assert log_probability(torch.tensor([0.0, math.log(3.0)]), 1) == pytest.approx(math.log(0.75))
