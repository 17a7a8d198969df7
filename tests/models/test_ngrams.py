"""N-grams of a document: what follows what, counted by hand, and the file of shares beside a model."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.checkpoint_files import EMBEDDED, EMBEDDED_NAME
from models.checkpoints import load
from models.errors import ModelError
from models.ngrams import FILE_NAME, ORDERS, DocumentNgrams, Shares, parted, read_shares
from tests.models import tiny_checkpoints

HALVES = (0.5,) * ORDERS

ids = st.lists(st.integers(0, 4), max_size=30)
shares_of_orders = st.lists(st.floats(0.01, 0.9), min_size=ORDERS, max_size=ORDERS).map(tuple)


def by_definition(
    texts: Sequence[Sequence[int]], context: Sequence[int], shares: Shares, network: float
) -> list[float]:
    """Return the probability of each of five tokens where the network gives each the same."""
    mixed = [network] * 5
    for order, share in enumerate(shares, 1):
        end = tuple(context[-order:])
        places = [(text, at) for text in texts for at in range(order, len(text)) if tuple(text[at - order : at]) == end]
        if len(context) >= order and places:
            counts = Counter(text[at] for text, at in places)
            mixed = [(1 - share) * p + share * counts[token] / len(places) for token, p in enumerate(mixed)]
    return mixed


@given(st.lists(ids, max_size=3), ids, shares_of_orders)
def test_followers_are_those_of_the_definition(texts: list[list[int]], context: list[int], shares: Shares) -> None:
    """Odds put on top of the network give what interpolating all orders by hand gives."""
    expected = by_definition(texts, context, shares, 0.2)
    found = DocumentNgrams(texts, shares).followers(context)
    weights = np.full(5, 0.2)
    if found is not None:
        weights[found.tokens] += np.exp(found.odds)
    assert (weights / weights.sum()).tolist() == pytest.approx(expected)
    assert math.isclose(sum(expected), 1)


def test_an_n_gram_does_not_go_beyond_its_text() -> None:
    """What one text ends with is not followed by what the next one begins with."""
    ngrams = DocumentNgrams([(1, 2), (3, 1, 2, 4), ()], HALVES)
    assert [found.tolist() for found in ngrams.following((1, 2))] == [[4], [4]]
    assert ngrams.following((2, 3)) != []
    assert len(ngrams.following((2, 3))) == 1  # 2 stands at an end, 3 at a beginning
    assert ngrams.followers((4,)) is None
    assert ngrams.followers(()) is None


def test_orders_beyond_the_last_agree_with_it() -> None:
    """Of a long context the last eight tokens are compared."""
    text = tuple(range(20))
    found = DocumentNgrams([text], HALVES).following(text[:19])
    assert [following.tolist() for following in found] == [[19]] * ORDERS


def test_a_longer_match_weighs_more() -> None:
    """Two tokens agree in one place and one in three: with equal shares the one place wins."""
    found = DocumentNgrams([(1, 2, 3), (5, 2, 4), (6, 2, 4)], (0.2,) * ORDERS).followers((1, 2))
    assert found is not None
    assert found.tokens.tolist() == [3, 4]
    assert found.odds[0] > found.odds[1]


def test_shares_are_parted_from_the_highest_order_down() -> None:
    """Everything together is one."""
    parts, left = parted((0.1, 0.2, 0.5))
    assert parts == pytest.approx([0.04, 0.1, 0.5])
    assert sum(parts) + left == pytest.approx(1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint."""
    return tiny_checkpoints.save(tmp_path_factory.mktemp("checkpoint"))


def test_shares_are_read_with_the_model(folder: Path) -> None:
    """From the file beside its weights; without it n-grams do not count."""
    assert load(str(folder)).shares == ()
    (folder / FILE_NAME).write_text(json.dumps({"shares": [0.25] * ORDERS}))
    assert load(str(folder)).shares == (0.25,) * ORDERS


def test_the_embedded_model_was_measured() -> None:
    """New weights need new shares: ``python -m bench.ngrams --python ENVIRONMENT/bin/python --update-table``."""
    assert len(read_shares(EMBEDDED, EMBEDDED_NAME)) == ORDERS


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        ("{", "is damaged"),
        ("[]", "is damaged"),
        ('{"share": []}', "is damaged"),
        ('{"shares": ["many"]}', "is damaged"),
        ('{"shares": []}', "holds no 8 shares"),
        (json.dumps({"shares": [0.5] * 9}), "holds no 8 shares"),
        (json.dumps({"shares": [0.5] * 7 + [1.0]}), "holds no 8 shares"),
        (json.dumps({"shares": [0.5] * 7 + [float("nan")]}), "holds no 8 shares"),
    ],
)
def test_a_bad_file_is_named(tmp_path: Path, content: str, cause: str) -> None:
    """In one line, with the mend."""
    (tmp_path / FILE_NAME).write_text(content)
    with pytest.raises(ModelError, match=rf"^model tiny: {FILE_NAME} {cause}.*; measure or delete it$"):
        read_shares(tmp_path, "tiny")
