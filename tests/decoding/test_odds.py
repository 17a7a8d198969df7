"""Where a finite set is known, what is not in it keeps no more than the fact's error."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.facts import FactView
from analysis.python.scanner import START
from decoding.masking import Masker
from decoding.odds import STRONGEST, listed_tokens, log_ratio, stays
from decoding.sampling import Sampler
from decoding.watch import Watch
from monitors.base import Continuations, Expected, Expecting, Lexed
from tests.decoding.toys import END, LETTERS, TEXTS, VOCABULARY, Listed

VIEW = FactView()
NAMES = st.lists(st.sampled_from([b"a", b"ab", b"abc", b"ba", b"xb", b"ccc"]), min_size=1, max_size=3, unique=True)


def is_listed(text: bytes, names: tuple[bytes, ...]) -> bool:
    """Whether a token begins, or begins and ends, a name: by looking at each name."""
    word = text[: next((i for i, byte in enumerate(text) if byte not in LETTERS), len(text))]
    return word in names if len(word) < len(text) else any(name.startswith(word) for name in names)


@given(NAMES)
def test_listed_tokens_equal_brute_force(names: list[bytes]) -> None:
    """The walk over the trie finds what looking at every token finds."""
    found = listed_tokens(VOCABULARY.trie, Continuations(tuple(names), LETTERS))
    assert sorted(found) == [i for i, text in enumerate(TEXTS) if text and is_listed(text, tuple(names))]


@pytest.mark.parametrize(
    ("listed", "others", "expected"),
    [(0.7, 0.3, 0.0), (0.5, 0.5, 0.0), (0.1, 0.9, math.log(1 / 9)), (0.0, 1.0, STRONGEST), (1e-30, 1.0, STRONGEST)],
)
def test_log_ratio(listed: float, others: float, expected: float) -> None:
    """Only a model that doubts the list is corrected, and within bounds."""
    assert log_ratio(listed, others) == pytest.approx(expected)


@settings(max_examples=100, deadline=None)
@given(names=NAMES, seed=st.integers(0, 9999), error=st.sampled_from([0.3, 0.05, 0.001]))
def test_unlisted_names_together_keep_no_more_than_the_error(names: list[bytes], seed: int, error: float) -> None:
    """Whatever the model thinks, draws behind a dot leave the list no more often than the fact is wrong."""
    row = torch.randn(len(TEXTS), generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * 4
    row[[i for i, text in enumerate(TEXTS) if text and b"." in text]] = -60.0  # no second name in one token
    monitor = Listed(tuple(names), math.log(error))
    watch = Watch.start((monitor,), START).advance(b".", VIEW)
    draws = 300
    strange = 0
    for position in range(draws):
        masker = Masker(VOCABULARY, frozenset({END}), b"\n", Sampler(temperature=1.0, seed=seed))
        token = masker.choose(row, position, watch, VIEW).token
        assert token is not None
        strange += not (TEXTS[token] and is_listed(TEXTS[token], tuple(names)))
    assert strange <= draws * error + 4 * math.sqrt(draws * error)


def test_a_listed_token_is_found_below_the_kept_ones() -> None:
    """Top-k keeps two tokens, neither of a listed name: the listed one is written all the same."""
    row = torch.zeros(len(TEXTS), dtype=torch.float64)
    row[[2, 3]] = 20.0
    watch = Watch.start((Listed((b"xb",), math.log(0.01)),), START).advance(b".", VIEW)
    masker = Masker(VOCABULARY, frozenset({END}), b"\n", Sampler(top_k=2))
    choice = masker.choose(row, 0, watch, VIEW)
    assert TEXTS[choice.token or 0] == b"x"
    assert {d.monitor for d in choice.denials} == {"listed"}


def test_a_name_inside_a_token_is_weighed_against_tokens_that_begin_alike() -> None:
    """For ``.a`` the question is what may follow the dot, not whether there is a dot."""
    row = torch.full((len(TEXTS),), -30.0, dtype=torch.float64)
    row[TEXTS.index(b".a")], row[TEXTS.index(b".x")], row[TEXTS.index(b"b")] = 3.0, 0.0, 1.0
    watch = Watch.start((Listed((b"xb",), math.log(0.1)),), START).advance(b"c", VIEW)
    masker = Masker(VOCABULARY, frozenset({END}), b"\n", Sampler())
    assert TEXTS[masker.choose(row, 0, watch, VIEW).token or 0] == b"b"


def test_a_model_that_trusts_the_list_is_left_alone() -> None:
    """With most of its mass on listed names the plain penalty decides."""
    row = torch.full((len(TEXTS),), -30.0, dtype=torch.float64)
    row[TEXTS.index(b"x")], row[TEXTS.index(b"ab")], row[TEXTS.index(b"b")] = 2.0, 2.0, 2.5
    watch = Watch.start((Listed((b"xb", b"ab"), -0.4),), START).advance(b".", VIEW)
    masker = Masker(VOCABULARY, frozenset({END}), b"\n", Sampler())
    assert TEXTS[masker.choose(row, 0, watch, VIEW).token or 0] == b"b"


@dataclass(frozen=True)
class Ranking(Listed):
    """The same, where all listed names but the first cost something, too."""

    less: float = 0.0

    def step(self, state: bytes | None, text: Lexed, view: FactView) -> tuple[float, bytes | None]:
        """Charge a listed name with its first byte, if the first name begins otherwise."""
        total, after = super().step(state, text, view)
        begun = text.data if state == b"" else b""
        is_less = begun and begun[:1] != self.names[0][:1] and any(name[:1] == begun[:1] for name in self.names)
        return total + (self.less if is_less else 0.0), after


def test_what_makes_a_listed_name_less_likely_is_not_corrected() -> None:
    """A model that means it is heeded: it has no doubt about the list."""
    row = torch.full((len(TEXTS),), -30.0, dtype=torch.float64)
    row[TEXTS.index(b"x")], row[TEXTS.index(b"a")] = 0.0, 8.0
    watch = Watch.start((Ranking((b"xb", b"ab"), math.log(0.01), less=-4.0),), START).advance(b".", VIEW)
    masker = Masker(VOCABULARY, frozenset({END}), b"\n", Sampler())
    assert TEXTS[masker.choose(row, 0, watch, VIEW).token or 0] == b"a"
    row[TEXTS.index(b"a")] = 3.0
    assert TEXTS[masker.choose(row, 0, watch, VIEW).token or 0] == b"x"


@given(NAMES)
def test_tokens_that_stay_are_those_that_are_listed(names: list[bytes]) -> None:
    """Asking for one token's bytes and picking tokens from the vocabulary agree."""
    closed = Continuations(tuple(names), LETTERS)
    found = set(listed_tokens(VOCABULARY.trie, closed).tolist())
    assert found == {i for i, text in enumerate(TEXTS) if text and stays(closed, text)}


@dataclass(frozen=True)
class Tiers(Ranking, Expecting):
    """The same, but blanks and ends cost nothing, and it says what its names and other ones cost."""

    def step(self, state: bytes | None, text: Lexed, view: FactView) -> tuple[float, bytes | None]:
        """Charge names alone."""
        return (0.0, state) if text.is_suffix or text.data == b" " else super().step(state, text, view)

    def expected(self, state: bytes | None, view: FactView) -> Expected:
        """Return the names with their prices."""
        closed = self.continuations(state) if state == b"" else None
        prices = (0.0, *([self.less] * (len(self.names) - 1)))
        return Expected(closed and replace(closed, priced=LETTERS, price=self.price, prices=prices))


def chosen(monitor: Tiers, **logits: float) -> bytes:
    """Return what is written behind a dot where the model gives these letters, a blank and the end these logits."""
    row = torch.full((len(TEXTS),), -30.0, dtype=torch.float64)
    for name, logit in logits.items():
        row[{"blank": TEXTS.index(b" "), "end": END}[name] if len(name) > 1 else TEXTS.index(name.encode())] = logit
    watch = Watch.start((monitor,), START).advance(b".", VIEW)
    masker = Masker(VOCABULARY, frozenset({END}), b"\n", Sampler())
    return TEXTS[masker.choose(row, 0, watch, VIEW).token or 0] or b""


def test_what_is_no_name_keeps_its_share_beside_all_names() -> None:
    """The model wants a name that does not exist: it gets another name, and no blank; where it wants none, none."""
    monitor = Tiers((b"xb",), math.log(0.01))
    assert chosen(monitor, a=8.0, x=0.0, blank=4.0) == chosen(monitor, a=8.0, x=0.0, end=4.0) == b"x"
    assert chosen(monitor, a=4.0, x=0.0, blank=8.0) == b" "
    assert chosen(monitor, a=4.0, x=0.0, end=8.0) == b""


def test_what_is_no_name_costs_what_the_names_cost_on_average() -> None:
    """That one name is likelier than another says which is meant, not that one is."""
    monitor = Tiers((b"xb", b"ab"), -50.0, less=-6.0)
    assert chosen(monitor, a=8.0, x=0.0, blank=4.0) == b"a"
    assert chosen(monitor, a=5.0, x=0.0, blank=3.0) == b"x"
    assert chosen(monitor, a=3.0, x=0.0, blank=5.0) == b" "
