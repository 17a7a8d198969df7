"""Shares of n-grams: they are found again where they are known, and middles are parts of their files."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from bench.ngrams import Measured, as_tables, compared, fitted, middles_of
from models.ngrams import ORDERS, parted

SHARES = (0.05, 0.1, 0.3, 0.2, 0.4, 0.1, 0.6, 0.7)
VOCABULARY = 6


def drawn(count: int) -> Measured:
    """Return tokens drawn from mixtures with ``SHARES``: of a network and of up to so many orders."""
    rng = np.random.default_rng(3)
    model, orders = np.zeros(count), np.full((count, ORDERS), np.nan)
    for place in range(count):
        having = rng.integers(0, ORDERS + 1)
        each = rng.dirichlet(np.full(VOCABULARY, 0.3), having + 1)
        parts, left = parted(SHARES[:having])
        token = rng.choice(VOCABULARY, p=np.array([left, *parts]) @ each)
        model[place], orders[place, :having] = each[0, token], each[1:, token]
    right = np.column_stack((model > 0.5, model > 0.4)).astype(float)
    return Measured("click", "a.py", 4 * count, model, orders, np.sqrt(model), right)


def test_known_shares_are_found() -> None:
    """As exactly as so many tokens tell."""
    assert fitted([drawn(6000)]) == pytest.approx(SHARES, abs=0.06)


def test_a_network_that_knows_everything_needs_no_n_grams() -> None:
    """Where the truth is certain, and the document says something else, nothing is mixed in."""
    sure = Measured("click", "a.py", 9, np.ones(500), np.zeros((500, ORDERS)), np.ones(500), np.ones((500, 2)))
    assert max(fitted([sure])) < 0.01


def test_bits_and_right_tokens_are_compared() -> None:
    """Of both ways, over the same bytes."""
    row = compared([drawn(400)])
    assert row["bits_per_byte"][1] == pytest.approx(row["bits_per_byte"][0] / 2, abs=1e-3)
    assert row["right_difference"][0] == pytest.approx(row["right"][1] - row["right"][0], abs=1e-3)
    result = {"model": {"name": "tiny"}, "shares": SHARES, "judged": {"click": row, "all": row}}
    assert "| click | 400 |" in as_tables(result)


def test_middles_are_parts_of_their_files() -> None:
    """Each ends with a line, and begins with one or at a word or a sign in it."""
    text = "def f(first, second):\n    if first:\n        return second.name\n\n\nx = f(1, 2)"
    rng = random.Random(1)
    for _ in range(50):
        for middle in middles_of("click", Path("a.py"), text, 3, rng):
            assert middle.prefix + middle.text + middle.suffix == text
            assert not middle.suffix or middle.suffix[0] == "\n"
            assert not middle.text[0].isspace()
            assert not (middle.prefix[-1:].isalnum() and middle.text[0].isalnum())
