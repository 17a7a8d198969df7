"""The text is the same with any drafters and in any arrival order of the same facts.

Strict identity, on a float64 model whose rows do not depend on how passes are split.
"""

from __future__ import annotations

import random
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import pytest

from analysis.facts import BaseDocument, Fact, FactKey, FactSource, FactView, NoFacts
from analysis.scanner import START, Scan
from decoding.draft_length import DraftLength
from decoding.drafters.copyspec import CopySpec
from decoding.drafters.monitor import MonitorDrafter
from decoding.loop import generate
from decoding.masking import Masker
from decoding.recorder import Recorder
from decoding.run import Job, Parts, Run
from decoding.sampling import Sampler
from decoding.types import Draft, Drafter, Inspector, Lenient, Prompt, Tip
from decoding.watch import Watch
from models.engines.testing import TinyEngine
from monitors.base import Monitor, Site
from monitors.brackets import Brackets
from monitors.dereference import Dereference
from monitors.strength import load
from tests.decoding.toys import END, PAD, TEXTS, VOCABULARY, Endless

NEW_TOKENS = 40
LENIENT = Lenient()
NAMES = ("a", "b", "ab", "ba", "abc", "bab")
DOCUMENT = BaseDocument("/p/a.py", "/p", "", "")
SITE = Site(DOCUMENT, START, b"", b"", b"", b"\n")


@dataclass
class Scripted:
    """A drafter that proposes what a function says.

    Attributes:
        kind: Which lie it tells.
        seed: Of its randomness.
    """

    kind: str
    seed: int = 0
    name: str = "scripted"
    truth: tuple[int, ...] = ()

    def begin(self, prompt: Prompt) -> None:
        """Start over."""

    def observe(self, tokens: tuple[int, ...]) -> None:
        """Learn nothing."""

    def rewind(self, count: int) -> None:
        """Forget nothing."""

    def propose(self, tip: Tip, budget: int) -> Draft:
        """Lie in one of five ways, or tell the truth."""
        right = self.truth[len(tip.tokens) :]
        rng = random.Random(f"{self.seed} {len(tip.tokens)}")
        tokens: Sequence[int] = {
            "random": [rng.randrange(len(TEXTS)) for _ in range(budget)],
            "always wrong": [PAD] * budget,
            "end in the middle": [*right[:1], END, *right[2:budget]],
            "wrong in the last slot": [*right[: budget - 1], PAD],
            "longer than the budget": right[: budget + 5],
            "the truth": right[:budget],
        }[self.kind]
        return Draft(tuple(tokens), self.name)


LIES = ("random", "always wrong", "end in the middle", "wrong in the last slot", "longer than the budget", "the truth")


@dataclass
class ArrivingFacts:
    """Facts that become visible some views after they were asked for.

    Attributes:
        delays: Number of views until the n-th new question has its answer.
    """

    delays: Sequence[int]
    views: int = 0
    due: dict[FactKey, int] = field(default_factory=dict)

    def view(self) -> FactView:
        """Return the facts that have arrived."""
        self.views += 1
        known = {key: fact_of(key) for key, due in self.due.items() if due <= self.views}
        return FactView(MappingProxyType(known), len(known))

    def ask(self, keys: Iterable[FactKey]) -> None:
        """Start the clock of new questions."""
        for key in keys:
            self.due.setdefault(key, self.views + self.delays[len(self.due) % len(self.delays)])

    def settle(self, keys: Iterable[FactKey], at_cursor: bool = False) -> bool:
        """Ask, and wait for nothing."""
        self.ask(keys)
        return False


class FinalFacts(ArrivingFacts):
    """All facts are there when asked for."""

    def settle(self, keys: Iterable[FactKey], at_cursor: bool = False) -> bool:
        """Have the answers at once."""
        new = [key for key in keys if key not in self.due]
        self.due.update({key: 0 for key in new})
        return bool(new)


@dataclass
class AwaitedFacts(FinalFacts):
    """Facts that are worth waiting for: the third look finds them.

    Attributes:
        looks: How often each questions were looked for.
    """

    looks: Counter[tuple[FactKey, ...]] = field(default_factory=Counter)

    def settle(self, keys: Iterable[FactKey], at_cursor: bool = False) -> bool | None:
        """Have the answers the third time."""
        self.looks[wanted := tuple(keys)] += 1
        return None if self.looks[wanted] < 3 else super().settle(wanted, at_cursor)


def fact_of(key: FactKey) -> Fact:
    """Return some of the names, by receiver."""
    rng = random.Random(repr(key.receiver))
    return Fact(key, frozenset(rng.sample(NAMES, rng.randrange(1, 4))), "instance", "toy 1.0")


def write(
    seed: int,
    drafters: Sequence[Drafter] = (),
    facts: FactSource | None = None,
    monitors: Sequence[Monitor[object]] = (),
    temperature: float = 0.0,
    inspector: Inspector = LENIENT,
) -> Run:
    """Run the loop once on a prompt drawn by ``seed``."""
    rng = random.Random(seed)
    ordinary = [i for i, text in enumerate(TEXTS) if text]
    prompt = tuple(rng.choice(ordinary) for _ in range(12))
    engine = TinyEngine(len(TEXTS), 128, seed=seed % 7)
    slab = engine.new_slab()
    masker = Masker(VOCABULARY, frozenset({END}), b"\n", Sampler(temperature=temperature, seed=seed))
    length = DraftLength(most=6)
    watch = Watch.start(tuple(monitors), START)
    parts = Parts(engine, slab, masker, watch, Endless(), facts or NoFacts(), drafters, length, inspector)
    run = generate(Job(prompt, b"", b"", NEW_TOKENS, frozenset({END, PAD})), parts, Recorder(), lambda: False)
    assert slab.tokens == [*prompt, *run.tokens[:-1]], "the slab holds exactly what was emitted"
    return run


def watchers() -> tuple[Monitor[object], ...]:
    """Return a sound monitor and one that lives on facts."""
    return (Brackets(SITE), Dereference(SITE, load()))


class Moody:
    """An inspector that takes a dislike to some lines and some ends."""

    wants_an_end = True

    def line_stands(self, middle: bytes) -> bool:
        """Go by the last line."""
        return zlib.crc32(middle.rstrip().rpartition(b"\n")[2]) % 3 != 0

    def end_stands(self, middle: bytes, end: Scan) -> bool:
        """Go by everything."""
        return zlib.crc32(middle) % 2 != 0


@pytest.mark.parametrize("temperature", [0.0, 0.8])
@pytest.mark.parametrize("kind", LIES)
def test_no_lie_of_a_drafter_changes_the_text(kind: str, temperature: float) -> None:
    """Random, wrong, over-long and true drafts all give the plain text."""
    for seed in range(10):
        plain = write(seed, temperature=temperature, monitors=watchers(), facts=FinalFacts([0]))
        drafter = Scripted(kind, seed, truth=plain.tokens)
        drafted = write(seed, [drafter], FinalFacts([0]), watchers(), temperature)
        assert drafted.tokens == plain.tokens
        if kind == "the truth":
            assert drafted.recorder.forward_passes < plain.recorder.forward_passes
            assert drafted.recorder.accepted()["scripted"] > 0


@pytest.mark.parametrize("temperature", [0.0, 0.8])
def test_real_drafters_change_nothing(temperature: float) -> None:
    """CopySpec and forced chains give the plain text, and save passes in sum."""
    passes = {"plain": 0, "drafted": 0}
    for seed in range(25):
        plain = write(seed, (), FinalFacts([0]), watchers(), temperature)
        drafted = write(seed, [MonitorDrafter(VOCABULARY), CopySpec()], FinalFacts([0]), watchers(), temperature)
        assert drafted.tokens == plain.tokens
        passes["plain"] += plain.recorder.forward_passes
        passes["drafted"] += drafted.recorder.forward_passes
    assert passes["drafted"] < passes["plain"]


@pytest.mark.parametrize("temperature", [0.0, 0.8])
def test_waiting_changes_nothing(temperature: float) -> None:
    """Facts that the loop lets others run for lead to the text of facts known from the start."""
    looks = 0
    for seed in range(10):
        early = write(seed, (), FinalFacts([0]), watchers(), temperature, Moody())
        awaited = AwaitedFacts([0])
        assert write(seed, (), awaited, watchers(), temperature, Moody()).tokens == early.tokens
        looks += awaited.looks.total()
    assert looks > 10


@pytest.mark.parametrize("temperature", [0.0, 0.8])
def test_late_facts_lead_to_the_text_of_early_ones(temperature: float) -> None:
    """Whenever facts arrive before the reply, the text is that of facts known from the start."""
    changed = 0
    for seed in range(25):
        early = write(seed, (), FinalFacts([0]), watchers(), temperature)
        for shuffle in range(3):
            delays = [random.Random(f"{seed} {shuffle}").randrange(0, 9) for _ in range(5)]
            facts = ArrivingFacts(delays)
            late = write(seed, [MonitorDrafter(VOCABULARY), CopySpec()], facts, watchers(), temperature)
            changed += late.recorder.late_changes
            if all(due <= facts.views for due in facts.due.values()):
                assert late.text[: late.keep] == early.text[: early.keep]
    assert changed > 5, "the arrivals must matter for the test to mean anything"


@pytest.mark.parametrize("temperature", [0.0, 0.8])
def test_second_attempts_are_the_same_with_any_drafters(temperature: float) -> None:
    """Lines that do not stand are written again, or cut off, alike whoever drafted them."""
    backtracks = given_up = 0
    for seed in range(24):
        plain = write(seed, (), FinalFacts([0]), watchers(), temperature, Moody())
        real: list[Drafter] = [MonitorDrafter(VOCABULARY), CopySpec()]
        liars = [Scripted("the truth", seed, truth=write(seed, (), FinalFacts([0]), watchers(), temperature).tokens)]
        for drafters in (real, liars):
            drafted = write(seed, drafters, FinalFacts([0]), watchers(), temperature, Moody())
            assert (drafted.text[: drafted.keep], drafted.tokens) == (plain.text[: plain.keep], plain.tokens)
        backtracks += plain.recorder.backtracks
        given_up += plain.refused_from is not None
    assert backtracks > 2
    assert 0 < given_up < 24


@pytest.mark.parametrize("temperature", [0.0, 0.8])
def test_second_attempts_are_the_same_in_any_order_of_facts(temperature: float) -> None:
    """A line that was refused before its facts had come is taken up again when they change it."""
    changed = compared = 0
    for seed in range(20):
        early = write(seed, (), FinalFacts([0]), watchers(), temperature, Moody())
        for shuffle in range(3):
            delays = [random.Random(f"{seed} {shuffle}").randrange(0, 9) for _ in range(5)]
            facts = ArrivingFacts(delays)
            late = write(seed, [MonitorDrafter(VOCABULARY), CopySpec()], facts, watchers(), temperature, Moody())
            if all(due <= facts.views for due in facts.due.values()):
                assert late.text[: late.keep] == early.text[: early.keep]
                changed += late.recorder.late_changes > 0 and early.recorder.backtracks > 0
                compared += 1
    assert compared > 30
    assert changed > 2, "the arrivals must matter for the test to mean anything"


def test_monitors_change_the_text_at_all() -> None:
    """The identity tests would pass with monitors that do nothing: these do something."""
    different = sum(write(seed).tokens != write(seed, (), FinalFacts([0]), watchers()).tokens for seed in range(30))
    assert different > 15


def test_after_a_cancel_no_forward_pass_runs() -> None:
    """The loop looks at the flag before each pass."""
    engine = TinyEngine(len(TEXTS), 128)
    masker = Masker(VOCABULARY, frozenset({END}), b"\n", Sampler())
    slab, watch, length = engine.new_slab(), Watch.start((), START), DraftLength(most=6)
    parts = Parts(engine, slab, masker, watch, Endless(), NoFacts(), (), length)
    recorder = Recorder()
    job = Job((2, 3, 4), b"", b"", NEW_TOKENS, frozenset())
    run = generate(job, parts, recorder, lambda: recorder.forward_passes >= 3)
    assert (run.finish, recorder.forward_passes) == ("cancelled", 3)
