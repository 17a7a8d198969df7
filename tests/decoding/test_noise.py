"""Noise depends on its key alone and is Gumbel."""

import numpy as np

from decoding.noise import gumbel


def test_same_key_same_noise_whatever_is_asked_beside_it() -> None:
    """A token's noise does not depend on which other tokens are asked for."""
    alone = gumbel(3, 1, 7, np.array([42]))
    beside = gumbel(3, 1, 7, np.array([5, 42, 151_000]))
    assert alone[0] == beside[1]


def test_every_part_of_the_key_counts() -> None:
    """Seed, candidate, position and token each change the noise."""
    keys = [(0, 0, 0, 1), (1, 0, 0, 1), (0, 1, 0, 1), (0, 0, 1, 1), (0, 0, 0, 2)]
    draws = {float(gumbel(s, c, p, np.array([t]))[0]) for s, c, p, t in keys}
    assert len(draws) == len(keys)


def test_the_argmax_is_a_draw_from_the_softmax() -> None:
    """Over 20,000 positions the counts fit the softmax by chi-square (11 degrees of freedom, p > 0.001)."""
    logits = np.linspace(-2.0, 1.0, 12)
    expected = np.exp(logits) / np.exp(logits).sum() * 20_000
    tokens = np.arange(12)
    draws = [int(np.argmax(logits + gumbel(11, 0, position, tokens))) for position in range(20_000)]
    counts = np.bincount(draws, minlength=12)
    assert ((counts - expected) ** 2 / expected).sum() < 31.3
