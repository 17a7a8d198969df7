"""Lazy masking equals the processed distribution computed by brute force."""

import math
import random
from dataclasses import dataclass, field

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.facts import FactView
from analysis.python.scanner import START
from decoding.bounds import Bounds
from decoding.masking import NO_DISCOUNTS, Judge, Masker, lazy_best
from decoding.odds import Odds, listed_tokens
from decoding.sampling import Sampler
from decoding.watch import Judgement, Watch
from monitors.base import FORBIDDEN, Kind
from tests.decoding.toys import END, PAD, TEXTS, VOCABULARY, Listed, Patterns

VIEW = FactView()


def watch_of(*monitors: Patterns, text: bytes = b"") -> Watch:
    """Return the monitors' states after ``text``."""
    return Watch.start(monitors, START).advance(text, VIEW)


def masker(sampler: Sampler) -> Masker:
    """Return a masker over the toy vocabulary; the suffix is a line feed."""
    return Masker(VOCABULARY, frozenset({END}), b"\n", sampler)


def brute_force(row: torch.Tensor, position: int, watch: Watch, sampler: Sampler) -> int | None:
    """Judge everything, add, take the best: the definition."""
    chooser = masker(sampler)
    kept = list(sampler.rank(row, position))
    penalty = {token: chooser.verdicts(watch, VIEW).of(token).penalty for token in range(len(TEXTS))}
    legal = [(score + penalty[token], -i, token) for i, (score, token) in enumerate(kept) if penalty[token] > FORBIDDEN]
    if legal:
        return max(legal)[2]
    below = [(float(row[t]) + penalty[t], -t, t) for t in penalty if penalty[t] > FORBIDDEN]
    return max(below)[2] if below else None


prices = st.lists(
    st.tuples(
        st.sampled_from([b"a", b"b", b".", b".a", b"ab", b"a.b", b"\n", b"(", b"x", b"ba", b" "]),
        st.sampled_from([-0.5, -3.0, FORBIDDEN, FORBIDDEN]),
    ),
    max_size=6,
)


@settings(max_examples=300, deadline=None)
@given(
    prices=prices,
    may_end=st.booleans(),
    seed=st.integers(0, 10_000),
    temperature=st.sampled_from([0.0, 0.7]),
    top_k=st.sampled_from([1, 3, 256]),
    text=st.sampled_from([b"", b"a", b"x.", b"ab\n"]),
)
def test_equals_brute_force(
    prices: list[tuple[bytes, float]], may_end: bool, seed: int, temperature: float, top_k: int, text: bytes
) -> None:
    """Any prices, any row: the lazy choice is the best of all penalised candidates."""
    generator = torch.Generator().manual_seed(seed)
    row = torch.randn(len(TEXTS), generator=generator, dtype=torch.float64) * 3
    sampler = Sampler(temperature=temperature, top_k=top_k, seed=seed)
    watch = watch_of(Patterns(tuple(prices), may_end, kind=Kind.SOUND), text=text)
    assert masker(sampler).choose(row, 5, watch, VIEW).token == brute_force(row, 5, watch, sampler)


def test_a_best_token_that_costs_nothing_is_judged_once_and_nothing_is_ranked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most tokens are like that, and the others could only win if it cost something."""
    judged = []
    original = Watch.judge
    monkeypatch.setattr(Watch, "judge", lambda self, data, view: judged.append(data) or original(self, data, view))
    monkeypatch.delattr(Sampler, "rank")
    row = torch.arange(len(TEXTS), dtype=torch.float64)
    assert masker(Sampler()).choose(row, 0, watch_of(Patterns(())), VIEW).token == len(TEXTS) - 1
    assert judged == [TEXTS[-1]]


def test_a_penalty_is_weighed_not_obeyed() -> None:
    """A name the monitor doubts stays if the model is surer than the monitor."""
    row = torch.full((len(TEXTS),), -20.0)
    row[2], row[3] = 0.0, -4.0
    doubt, strong = (watch_of(Patterns(((b"a", price),))) for price in (-3.0, -5.0))
    assert masker(Sampler()).choose(row, 0, doubt, VIEW).token == 2
    choice = masker(Sampler()).choose(row, 0, strong, VIEW)
    assert choice.token == 3
    assert [(d.token, d.monitor) for d in choice.denials] == [(2, "patterns")]


def test_control_tokens_that_end_nothing_are_never_chosen() -> None:
    """Padding is not text."""
    row = torch.zeros(len(TEXTS))
    row[PAD] = 9.0
    assert masker(Sampler()).choose(row, 0, watch_of(), VIEW).token != PAD


def test_nothing_legal_sets_the_newest_unsound_monitor_aside() -> None:
    """Heuristics stand down one by one; sound monitors never do."""
    everything = tuple((bytes((b,)), FORBIDDEN) for b in {byte for t in TEXTS if t for byte in t})
    row = torch.zeros(len(TEXTS))
    heuristic = Patterns(everything, may_end=False, name="guess")
    choice = masker(Sampler()).choose(row, 0, watch_of(heuristic), VIEW)
    assert choice.token is not None
    assert choice.stood_down == ("guess",)
    sound = Patterns(everything, may_end=False, kind=Kind.SOUND)
    assert masker(Sampler()).choose(row, 0, watch_of(sound), VIEW).token is None


def test_remembered_beginnings_judge_as_a_fresh_look_does() -> None:
    """Judgements in any order, with what was remembered on the way, equal those of every token by itself."""
    rng = random.Random(3)
    patterns = [b"a", b"b", b".", b"\n", b"ab", b"(", b"\xc3"]
    for _ in range(60):
        chosen = Patterns(tuple((p, FORBIDDEN) for p in rng.sample(patterns, 3)), may_end=rng.random() < 0.5)
        chooser, watch = masker(Sampler()), watch_of(chosen, text=rng.choice([b"", b"a", b"."]))
        expected = {t: chooser.verdicts(watch, VIEW).of(t).penalty for t in range(len(TEXTS))}
        verdicts = chooser.verdicts(watch, VIEW)
        assert {t: verdicts.of(t).penalty for t in rng.sample(range(len(TEXTS)), len(TEXTS))} == expected
        assert set(verdicts.candidates()) >= {t for t in expected if expected[t] > FORBIDDEN}


def test_forbidden_beginnings_are_judged_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where one letter is all that may come, each other first byte is judged once however many tokens begin with it."""
    judged = []
    original, by_one = Watch.judge, Watch.penalty_by

    def judge(self: Watch, data: bytes, view: FactView) -> Judgement:
        judged.append(data)
        return original(self, data, view)

    def penalty_by(self: Watch, name: str, data: bytes, view: FactView) -> float:
        judged.append(data)
        return by_one(self, name, data, view)

    monkeypatch.setattr(Watch, "judge", judge)
    monkeypatch.setattr(Watch, "penalty_by", penalty_by)
    letters = {byte for text in TEXTS if text for byte in text} - set(b"x")
    only_x = Patterns(tuple((bytes((byte,)), FORBIDDEN) for byte in letters), may_end=False)
    row = torch.arange(len(TEXTS), dtype=torch.float64)
    row[TEXTS.index(b"x")] = -5.0
    assert masker(Sampler()).choose(row, 0, watch_of(only_x), VIEW).token == TEXTS.index(b"x")
    shortest = [data for data in judged if len(data) == 1 and data != b"x"]
    assert sorted(shortest) == sorted({text[:1] for text in TEXTS if text} - {b"x"})


@pytest.mark.parametrize("temperature", [0.0, 0.9])
def test_ruling_tokens_out_changes_nothing(temperature: float) -> None:
    """Where a monitor has a list, the choice is that of judging every candidate, and fewer are judged."""
    saved = chosen = 0
    for seed in range(300):
        generator = torch.Generator().manual_seed(seed)
        row = torch.randn(len(TEXTS), generator=generator, dtype=torch.float64) * 4
        names = random.Random(seed).sample([b"a", b"ab", b"ba", b"abc", b"x"], 2)
        watch = Watch.start(
            (Listed(tuple(names), -2.0), Patterns(((b"b", -1.5), (b"(", FORBIDDEN), (b"x", -4.0)))), START
        ).advance(random.Random(seed).choice([b"", b".", b".a"]), VIEW)
        chooser = masker(Sampler(temperature=temperature, top_k=12, seed=seed))
        kept = list(chooser.sampler.rank(row, 0))
        verdicts, odds = chooser.verdicts(watch, VIEW), Odds(row, watch, VIEW, VOCABULARY)
        judge = chooser._weighed(verdicts, odds, NO_DISCOUNTS)
        suspect, _ = chooser._suspect(kept, judge, odds)
        every = max((score + judge(token).penalty, -token) for score, token in kept)
        counted = Counting(judge)
        best = lazy_best(kept, counted, bounds=Bounds(verdicts, odds, suspect)).token
        assert best == (None if every[0] == FORBIDDEN else -every[1])
        chosen += suspect != ""
        saved += suspect != "" and len(counted.tokens) < len(kept)
    assert chosen > 50
    assert saved > 30


def test_what_a_monitor_lists_is_as_good_as_what_was_kept() -> None:
    """Without noise: the best of all kept and all listed tokens, if no kept one is free; those below are not judged."""
    instead = 0
    for seed in range(300):
        generator = torch.Generator().manual_seed(seed)
        row = torch.randn(len(TEXTS), generator=generator, dtype=torch.float64) * 4
        names = random.Random(seed).sample([b"a", b"ab", b"ba", b"abc", b"x"], 2)
        patterns = Patterns(((b"b", -1.5), (b"(", FORBIDDEN), (b"x", -4.0)))
        watch = Watch.start((Listed(tuple(names), -2.0), patterns), START).advance(b".", VIEW)
        chooser = masker(Sampler(top_k=4))
        verdicts, odds = chooser.verdicts(watch, VIEW), Odds(row, watch, VIEW, VOCABULARY)
        judge = chooser._weighed(verdicts, odds, NO_DISCOUNTS)
        kept = list(chooser.sampler.rank(row, 0))
        suspect, closed = chooser._suspect(kept, judge, odds)
        if closed is None or any(judge(token).penalty == 0 for _, token in kept):
            continue
        tokens = {token for _, token in kept} | set(listed_tokens(VOCABULARY.trie, closed))
        best = max((float(row[token]) + judge(token).penalty, -token) for token in tokens)
        assert chooser.choose(row, 0, watch, VIEW).token == -best[1]
        instead += -best[1] not in {token for _, token in kept}
    assert instead > 10


@dataclass
class Counting:
    """Judges, and counts the tokens that it judged."""

    judge: Judge
    tokens: set[int] = field(default_factory=set)

    def __call__(self, token: int) -> Judgement:
        """Judge."""
        self.tokens.add(token)
        return self.judge(token)


def test_sampling_fits_exact_enumeration() -> None:
    """4,000 keyed draws fit the masked softmax (chi-square, p > 0.001)."""
    row = torch.tensor([0.2, 9.0, 1.0, 0.5, 0.0, -0.5] + [-30.0] * (len(TEXTS) - 6))
    watch = watch_of(Patterns(((b"a", -1.0), (b"b", FORBIDDEN))))
    weights = {0: 0.2, 2: 1.0 - 1.0, 4: 0.0, 5: -0.5}
    total = sum(math.exp(v) for v in weights.values())
    draws = [masker(Sampler(temperature=1.0, seed=5)).choose(row, p, watch, VIEW).token for p in range(4000)]
    chi = 0.0
    for token, value in weights.items():
        expected = 4000 * math.exp(value) / total
        chi += (draws.count(token) - expected) ** 2 / expected
    assert chi < 16.3
