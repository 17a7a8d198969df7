"""Guesses with probabilities as drafts."""

from __future__ import annotations

import pytest

from decoding.drafters.confidence import LONGEST, sure_chain

GUESSES = [
    # guesses, tokens of the draft, what it is worth
    ([], (), 0),
    ([(5, 0.2)], (), 0),
    ([(5, 0.5)], (5,), 2),
    ([(5, 0.75)], (5,), 6),
    ([(5, 1.0)], (5,), LONGEST),
    ([(5, 0.999), (6, 0.999)], (5, 6), LONGEST),
    ([(5, 0.9), (6, 0.9), (7, 0.2), (8, 1.0)], (5, 6), LONGEST),
    ([(5, 0.62), (6, 0.62), (7, 0.62)], (5, 6), 3),
    ([(5, 0.9), (0, 0.9), (7, 0.9)], (5,), LONGEST),
    ([(0, 0.9)], (), 0),
]


@pytest.mark.parametrize(("guessed", "tokens", "worth"), GUESSES)
def test_guesses(guessed: list[tuple[int, float]], tokens: tuple[int, ...], worth: int) -> None:
    """What is likely right as a whole is drafted, up to a separator, and worth its odds."""
    draft = sure_chain(guessed, "sure", frozenset({0}), 0.3)
    assert (draft.tokens, draft.match_length) == (tokens, worth)
    assert draft.source == ("sure" if tokens else "")
