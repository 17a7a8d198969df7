"""Aligned candidates follow the model's own distribution over what the monitors allow; checked by enumeration."""

from __future__ import annotations

import itertools
import math
from collections import Counter

import pytest
import torch

from analysis.facts import FactView
from analysis.python.scanner import START
from decoding.futures import Futures
from decoding.masking import Masker
from decoding.sampling import Sampler
from decoding.watch import Watch
from monitors.base import FORBIDDEN
from tests.decoding.toys import END, TEXTS, VOCABULARY, Patterns

VIEW = FactView()
LETTERS = tuple(TEXTS.index(text) for text in (b"a", b"b", b"c"))
LENGTH = 3
# Two thirds of the model's mass begin with "a", and nearly nothing of it is left in the end.
TRAP = Patterns(((b"aa", FORBIDDEN), (b"ab", FORBIDDEN), (b"ca", -1.5)))

Text = tuple[int, ...]


def row_after(written: Text) -> torch.Tensor:
    """Return the toy model's logits: three letters, each text with its own taste."""
    row = torch.full((len(TEXTS),), -math.inf, dtype=torch.float64)
    generator = torch.Generator().manual_seed(sum(token * 31**i for i, token in enumerate(written)) + 1)
    row[list(LETTERS)] = torch.randn(len(LETTERS), generator=generator, dtype=torch.float64)
    if not written:
        row[list(LETTERS)] = torch.tensor([2.0, 0.5, 0.0], dtype=torch.float64)
    return row


def bytes_of(written: Text) -> bytes:
    """Return the text of some tokens."""
    return VOCABULARY.decode(written)


def draw(candidate: int, futures: Futures | None, strength: float = 1.0) -> Text:
    """Write one candidate, and have what became of it remembered."""
    sampler = Sampler(temperature=1.0, top_k=len(LETTERS), seed=11, candidate=candidate)
    masker = Masker(VOCABULARY, frozenset({END}), b"\n", sampler, strength, futures)
    written: Text = ()
    steps = []
    for position in range(LENGTH):
        row, watch = row_after(written), Watch.start((TRAP,), START).advance(bytes_of(written), VIEW)
        token = masker.choose(row, position, watch, VIEW, written).token
        assert token is not None
        steps.append((token, masker.shares(row, watch, VIEW)))
        written = (*written, token)
    if futures is not None:
        futures.learn(steps)
    return written


def wanted(strength: float = 1.0) -> dict[Text, float]:
    """Return p(text) m(text)^strength of every text, normalised: the definition."""
    weights = {}
    for text in itertools.product(LETTERS, repeat=LENGTH):
        chance = math.prod(float(torch.softmax(row_after(text[:i]), 0)[text[i]]) for i in range(LENGTH))
        data = bytes_of(text)
        cost = sum(price for pattern, price in TRAP.prices for i in range(len(data)) if data.startswith(pattern, i))
        weights[text] = chance * math.exp(strength * cost if cost > FORBIDDEN else FORBIDDEN)
    total = sum(weights.values())
    return {text: weight / total for text, weight in weights.items()}


def chi_square(drawn: list[Text], expected: dict[Text, float]) -> float:
    """Return the statistic of some draws; texts that must not be drawn are checked apart."""
    counts = Counter(drawn)
    assert not [text for text in counts if expected[text] == 0]
    legal = {text: share * len(drawn) for text, share in expected.items() if share > 0}
    return sum((counts[text] - mean) ** 2 / mean for text, mean in legal.items())


def test_candidates_converge_to_the_distribution_given_what_is_allowed() -> None:
    """2,000 aligned candidates fit p m (chi-square, p > 0.001, 17 texts); drawn one token at a time they do not."""
    futures, expected = Futures(), wanted()
    aligned = [draw(candidate, futures) for candidate in range(2300)][300:]
    masked = [draw(candidate, None) for candidate in range(2000)]
    assert len([share for share in expected.values() if share > 0]) == 17
    assert chi_square(aligned, expected) < 39.3
    assert chi_square(masked, expected) > 300


def test_the_expected_future_is_the_share_that_is_left() -> None:
    """When every text has been written once, h at the start is what the monitors leave of the model's mass."""
    futures = Futures()
    for text in itertools.product(LETTERS, repeat=LENGTH):
        masker = Masker(VOCABULARY, frozenset({END}), b"\n", Sampler(1.0, len(LETTERS)), 1.0)
        watches = [Watch.start((TRAP,), START).advance(bytes_of(text[:i]), VIEW) for i in range(LENGTH)]
        futures.learn((text[i], masker.shares(row_after(text[:i]), watches[i], VIEW)) for i in range(LENGTH))
    left = 0.0
    for text in itertools.product(LETTERS, repeat=LENGTH):
        chance = math.prod(float(torch.softmax(row_after(text[:i]), 0)[text[i]]) for i in range(LENGTH))
        left += chance * math.exp(Watch.start((TRAP,), START).judge(bytes_of(text), VIEW).penalty)
    assert futures.root.expected == pytest.approx(left)


def test_a_dead_end_is_not_entered_twice() -> None:
    """A beginning behind which nothing could follow is taken only where everything else is dead as well."""
    futures = Futures()
    row = row_after(())
    masker = Masker(VOCABULARY, frozenset({END}), b"\n", Sampler(1.0, len(LETTERS)), 1.0, futures)
    watch = Watch.start((), START)
    shares = masker.shares(row, watch, VIEW)
    futures.learn([(LETTERS[0], shares), (None, {})])
    drawn = {masker.choose(row, position, watch, VIEW, ()).token for position in range(200)}
    assert drawn == set(LETTERS[1:])


@pytest.mark.parametrize("strength", [0.0, 0.5, 2.0])
def test_the_soft_product_is_that_of_its_experts(strength: float) -> None:
    """4,000 draws at one position fit p m^strength (chi-square, p > 0.001, 2 or 3 tokens)."""
    watch = Watch.start((Patterns(((b"a", -1.0), (b"b", -3.0))),), START)
    row = row_after(())
    penalties = dict(zip(LETTERS, (-1.0, -3.0, 0.0), strict=True))
    weights = {t: math.exp(float(row[t]) + strength * penalties[t]) for t in LETTERS}
    masker = Masker(VOCABULARY, frozenset({END}), b"\n", Sampler(1.0, len(LETTERS), seed=3), strength)
    counts = Counter(masker.choose(row, position, watch, VIEW).token for position in range(4000))
    means = {t: 4000 * weight / sum(weights.values()) for t, weight in weights.items()}
    assert sum((counts[t] - mean) ** 2 / mean for t, mean in means.items()) < 13.8
