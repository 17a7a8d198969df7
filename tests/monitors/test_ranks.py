"""In which ranks the names of a fact stand, and what a name costs by its rank."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.facts import Fact, FactKey
from monitors.likeness import NOTHING_KNOWN, Likeness
from monitors.listed import Listed
from monitors.ranks import all_alike, ranked
from monitors.strength import Prices
from monitors.words import Words

HIDDEN, SEEN, UNSEEN = math.log(0.05), math.log(0.2), math.log(0.01)
PRICES = Prices(UNSEEN, SEEN, HIDDEN)
NAMES = ("run", "runner", "stop", "_private", "__class__")


def listed(values: dict[str, float], names: tuple[str, ...] = NAMES, known: tuple[bytes, ...] = ()) -> Listed:
    """Return names held against a fact about an instance, where uses say of some what ``values`` says."""
    fact = Fact(FactKey("attributes", "", "x"), frozenset(names), "instance", "this file")
    found = ranked(fact, frozenset(), HIDDEN, Likeness(values) if values else NOTHING_KNOWN)
    return Listed("attributes.instance", "this file", found.ranks, PRICES.beside(found.others), Words.of(known))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, {"run": 0, "stop": 0, "_private": HIDDEN, "other": UNSEEN}),
        ({"run": 3}, {"run": 0, "stop": -3, "_private": HIDDEN - 3, "other": UNSEEN - 3, "seen": SEEN - 3}),
        ({"stop": -2}, {"run": 0, "stop": -2, "other": UNSEEN}),
        ({"run": 3, "stop": -2}, {"run": 0, "runner": -3, "stop": -5}),
        ({"run": -2, "runner": -2, "stop": -2}, {"run": 0, "other": UNSEEN}),
        ({"elsewhere": 3, "elsewhere_not": -2}, {"run": 0, "other": UNSEEN, "elsewhere": UNSEEN}),
        ({"_private": 2}, {"run": 0, "_private": HIDDEN + 2}),
        ({"_private": 4}, {"_private": 0, "run": -HIDDEN - 4, "other": UNSEEN - HIDDEN - 4}),
        ({"_private": -2}, {"_private": HIDDEN, "run": 0}),
    ],
)
def test_prices(values: dict[str, float], expected: dict[str, float]) -> None:
    """The likeliest costs nothing; one of which nothing is known costs the difference, unlisted or not."""
    found = listed(values, known=(b"seen",))
    assert {name: found.price(name.encode()) for name in expected} == pytest.approx(expected)


def test_rows_are_what_the_fact_says() -> None:
    """How a name is used elsewhere is nothing that a fact could be wrong about."""
    found = listed({"run": -2, "_private": 3}, known=(b"seen",))
    rows = {name: found.row(name) for name in (b"run", b"stop", b"_private", b"seen", b"other")}
    assert rows == {b"run": "", b"stop": "", b"_private": "hidden", b"seen": "seen", b"other": "unseen"}
    assert b"run" in found
    assert b"seen" not in found


def test_continuations_are_all_that_is_listed_the_likeliest_first() -> None:
    """Also what is hardly meant: a model that means it has no doubt about the list."""
    found = listed({"runner": 3}).continuations(b"")
    assert found is not None
    assert found.texts[0] == b"runner"
    assert set(found.texts) == {name.encode() for name in NAMES}
    assert found.price == pytest.approx(SEEN - 3), "any name may be seen elsewhere"
    both = Listed("", "", (*all_alike(Words((b"run",))), *listed({}).ranks), PRICES, Words()).continuations(b"ru")
    assert both is not None
    assert both.texts == (b"n", b"nner")


@given(
    names=st.lists(st.sampled_from(NAMES), min_size=1, unique=True),
    values=st.dictionaries(st.sampled_from(NAMES), st.floats(-9, 9)),
    known=st.lists(st.sampled_from((b"run", b"rune", b"_pri", b"x")), unique=True),
    name=st.sampled_from((*NAMES, "ru", "rune", "x", "_pri", "_privates")),
)
def test_a_beginning_costs_no_more_than_what_it_may_become(
    names: list[str], values: dict[str, float], known: list[bytes], name: str
) -> None:
    """So that what is paid never comes back."""
    found = listed(values, tuple(names), tuple(known))
    whole = name.encode()
    steps = [found.least(whole[:size]) for size in range(len(whole) + 1)] + [found.price(whole)]
    assert steps == sorted(steps, reverse=True)
    assert steps[0] <= 0
