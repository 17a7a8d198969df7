"""Rows become candidates in the order in which they would be chosen."""

import math

import pytest
import torch

from decoding.sampling import Sampler, log_probability


def check(sampler: Sampler, row: list[float], expected: list[int]) -> None:
    """Compare the set of kept tokens, in id order."""
    kept = sorted(token for _, token in sampler.rank(torch.tensor(row), position=0))
    assert kept == expected


def test_greedy_orders_by_logit_then_by_id() -> None:
    """Equal logits stand in the order of their ids, so that ties break the same way everywhere."""
    ranked = Sampler().rank(torch.tensor([1.0, 3.0, 2.0, 3.0]), position=0)
    assert [token for _, token in ranked] == [1, 3, 2, 0]


@pytest.mark.parametrize("row", [[1.0, 3.0, 2.0, 3.0], [0.0] * 200, [-math.inf, 2.0, 2.0]])
def test_the_favourite_is_what_ranks_first(row: list[float]) -> None:
    """Without noise the best token needs no ranking; with noise there is no such shortcut."""
    assert Sampler().favourite(torch.tensor(row)) == Sampler().rank(torch.tensor(row), position=0)[0][1]
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
