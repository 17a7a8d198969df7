"""The text is the same with any drafters and in any arrival order of the same facts.

Strict identity, on a float64 model whose rows do not depend on how passes are split.
"""

from __future__ import annotations

import random
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType

import pytest
import torch

from analysis.facts import BaseDocument, Fact, FactKey, FactSource, FactView, NoFacts
from analysis.python.scanner import START, Scan
from decoding.blending import Mix, unblended
from decoding.draft_length import DraftLength
from decoding.drafters.copyspec import CopySpec
from decoding.drafters.draft_model import DraftModelDrafter
from decoding.drafters.edit_copy import EditCopy
from decoding.drafters.heads import HeadsDrafter
from decoding.drafters.monitor import MonitorDrafter
from decoding.drafters.recycling import Recycling
from decoding.drafters.suffix import Suffix
from decoding.loop import Heed, generate
from decoding.masking import Masker
from decoding.recorder import Recorder
from decoding.run import Job, Parts, Run
from decoding.sampling import Sampler
from decoding.types import Draft, Drafter, Inspector, Lenient, Prompt, Tip
from decoding.watch import Watch
from models.draft_model import DraftModel
from models.engines.cost import CostCurve
from models.engines.testing import WIDTH, TinyEngine
from models.heads import Heads
from models.suffix_index import Copy, Entry, SuffixIndex
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


# Passes that cost the same however many tokens they have: there drafts are put together to trees.  They take long, so
# that no drafter is too dear on any machine.
WIDE = CostCurve((1, 64), (1.0, 1.0))


@dataclass(frozen=True)
class Written:
    """Texts that other seeds have written; a corpus."""

    index: SuffixIndex

    def follow(self, context: Sequence[int], count: int) -> Copy | None:
        """Search them."""
        return self.index.follow(context, count, lambda entry: True)


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
        """Lie in one of many ways, or tell the truth."""
        right = self.truth[len(tip.tokens) :]
        rng = random.Random(f"{self.seed} {len(tip.tokens)}")
        if self.kind == "a tree":
            parents = tuple(rng.randrange(-1, i) for i in range(budget))
            return Draft(tuple(rng.randrange(2, len(TEXTS)) for _ in parents), self.name, parents=parents)
        if self.kind == "a tree with the truth in it":
            lies = tuple(rng.randrange(2, len(TEXTS)) for _ in range(3))
            chain = right[: max(0, budget - 3)]
            return Draft(
                (*lies, *chain), self.name, 2, (-1, -1, 0, *range(2, 2 + len(chain))) if chain else (-1, -1, 0)
            )
        if self.kind == "raises":
            raise RuntimeError("no draft today")
        tokens: Sequence[int] = {
            "random": [rng.randrange(len(TEXTS)) for _ in range(budget)],
            "always wrong": [PAD] * budget,
            "end in the middle": [*right[:1], END, *right[2:budget]],
            "wrong in the last slot": [*right[: budget - 1], PAD],
            "longer than the budget": right[: budget + 5],
            "ids that do not exist": [*right[:1], len(TEXTS), -1],
            "a circle": right[:2],
            "the truth": right[:budget],
        }[self.kind]
        return Draft(tuple(tokens), self.name, 0, (1, 0)[: len(tokens)] if self.kind == "a circle" else ())


LIES = (
    "random",
    "always wrong",
    "end in the middle",
    "wrong in the last slot",
    "longer than the budget",
    "the truth",
    "a tree",
    "a tree with the truth in it",
)

# These are noticed, and the drafter is asked no more.
CRIMES = ("raises", "ids that do not exist", "a circle")


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
    curve: CostCurve | None = None,
    heed: Heed | None = None,
    cancelled: Callable[[], bool] = lambda: False,
    blend: Mix = unblended,
) -> Run:
    """Run the loop once on a prompt drawn by ``seed``."""
    rng = random.Random(seed)
    ordinary = [i for i, text in enumerate(TEXTS) if text]
    prompt = tuple(rng.choice(ordinary) for _ in range(12))
    engine = engine_of(seed)
    slab = engine.new_slab()
    masker = Masker(VOCABULARY, frozenset({END}), b"\n", Sampler(temperature=temperature, seed=seed))
    length = DraftLength(curve, most=6)
    watch = Watch.start(tuple(monitors), START)
    parts = Parts(engine, slab, masker, watch, Endless(), facts or NoFacts(), drafters, length, inspector, blend=blend)
    run = generate(Job(prompt, b"", b"", NEW_TOKENS, frozenset({END, PAD})), parts, Recorder(), cancelled, heed)
    assert slab.tokens == [*prompt, *run.tokens[:-1]], "the slab holds exactly what was emitted"
    return run


def watchers() -> tuple[Monitor[object], ...]:
    """Return a sound monitor and one that lives on facts."""
    return (Brackets(SITE), Dereference(SITE, load()))


class Moody:
    """An inspector that takes a dislike to some lines and some ends."""

    wants_an_end = True
    wants_text = False

    def line_stands(self, middle: bytes) -> bool:
        """Go by the last line."""
        return zlib.crc32(middle.rstrip().rpartition(b"\n")[2]) % 3 != 0

    def end_stands(self, middle: bytes, end: Scan) -> bool:
        """Go by everything."""
        return zlib.crc32(middle) % 2 != 0


@cache
def written(seed: int, temperature: float, watched: bool = True) -> Run:
    """Return what plain decoding writes when all facts are known."""
    return write(seed, (), FinalFacts([0]), watchers() if watched else (), temperature)


def elsewhere(seed: int, temperature: float) -> Written:
    """Return an index of what this seed writes, but for its beginning, and of what another does."""
    runs = [written(other, temperature) for other in (seed, seed + 1)]
    texts = [(Entry(str(n), 0, 0, len(run.tokens) - 5), run.tokens[5:]) for n, run in enumerate(runs)]
    return Written(SuffixIndex.build(texts, len(TEXTS)))


def changed(seed: int, temperature: float) -> tuple[int, ...]:
    """Return what this seed writes with some tokens left out and others put in."""
    tokens = written(seed, temperature).tokens
    return (*tokens[:3], *tokens[5:9], PAD, *tokens[9:])


def engine_of(seed: int) -> TinyEngine:
    """Return the model of a seed."""
    return TinyEngine(len(TEXTS), 128, seed=seed % 7)


def heads_of(seed: int) -> Heads:
    """Return heads that nobody has trained, over the states of a seed's model."""
    noise = torch.Generator().manual_seed(seed)
    layers = torch.randn(2, WIDTH, WIDTH, generator=noise, dtype=torch.float64)
    return Heads(layers, torch.from_numpy(engine_of(seed).head))


REAL: dict[str, Callable[[int, float], Sequence[Drafter]]] = {
    "copyspec": lambda seed, temperature: [CopySpec()],
    "monitor": lambda seed, temperature: [MonitorDrafter(VOCABULARY)],
    "suffix": lambda seed, temperature: [Suffix([elsewhere(seed, temperature)])],
    "heads": lambda seed, temperature: [HeadsDrafter(heads_of(seed))],
    "previous": lambda seed, temperature: [EditCopy(changed(seed, temperature), "previous")],
    "recycling": lambda seed, temperature: [Recycling()],
    "draft_model": lambda seed, temperature: [DraftModelDrafter(DraftModel(engine_of(seed)))],
    "all": lambda seed, temperature: [
        MonitorDrafter(VOCABULARY),
        EditCopy(changed(seed, temperature), "previous"),
        CopySpec(),
        Suffix([elsewhere(seed, temperature)]),
        DraftModelDrafter(DraftModel(engine_of(seed))),
        HeadsDrafter(heads_of(seed)),
        Recycling(),
    ],
}

# These guess only where the monitors know what may follow, or know nothing of this model.
SELDOM_RIGHT = ("monitor", "heads")


@pytest.mark.parametrize("curve", [None, WIDE], ids=["chains", "trees"])
@pytest.mark.parametrize("temperature", [0.0, 0.8])
@pytest.mark.parametrize("kind", LIES)
def test_no_lie_of_a_drafter_changes_the_text(kind: str, temperature: float, curve: CostCurve | None) -> None:
    """Random, wrong, over-long and true drafts all give the plain text."""
    right = 0
    for seed in range(4):
        plain = written(seed, temperature)
        drafter = Scripted(kind, seed, truth=plain.tokens)
        drafted = write(seed, [drafter], FinalFacts([0]), watchers(), temperature, curve=curve)
        assert drafted.tokens == plain.tokens
        assert not drafted.recorder.dropped
        right += drafted.recorder.accepted().get("scripted", 0)
        if kind == "the truth":
            assert drafted.recorder.forward_passes < plain.recorder.forward_passes
    if "truth" in kind and (curve or kind == "the truth"):
        assert right > 0


@pytest.mark.parametrize("kind", CRIMES)
def test_a_drafter_that_misbehaves_is_dropped(kind: str) -> None:
    """It is counted once, asked no more, and the text is the same; the others go on."""
    plain = written(1, 0.0)
    drafters = [Scripted(kind, 1, "bad", plain.tokens), Scripted("the truth", 1, "good", plain.tokens)]
    drafted = write(1, drafters, FinalFacts([0]), watchers())
    assert drafted.tokens == plain.tokens
    assert drafted.recorder.dropped == ["bad"]
    assert drafted.recorder.accepted().keys() == {"good"}


@pytest.mark.parametrize("curve", [None, WIDE], ids=["chains", "trees"])
@pytest.mark.parametrize("watched", [True, False], ids=["monitors", "no monitors"])
@pytest.mark.parametrize("temperature", [0.0, 0.8])
@pytest.mark.parametrize("name", REAL)
def test_real_drafters_change_nothing(name: str, temperature: float, watched: bool, curve: CostCurve | None) -> None:
    """Each drafter alone and all together give the plain text, and save passes in sum."""
    passes = {"plain": 0, "drafted": 0}
    for seed in range(5):
        monitors = watchers() if watched else ()
        plain = written(seed, temperature, watched)
        drafters = REAL[name](seed, temperature)
        drafted = write(seed, drafters, FinalFacts([0]), monitors, temperature, curve=curve)
        assert drafted.tokens == plain.tokens
        passes["plain"] += plain.recorder.forward_passes
        passes["drafted"] += drafted.recorder.forward_passes
    if name not in SELDOM_RIGHT:
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
        early = written(seed, temperature)
        for shuffle in range(3):
            delays = [random.Random(f"{seed} {shuffle}").randrange(0, 9) for _ in range(5)]
            facts = ArrivingFacts(delays)
            curve = WIDE if shuffle == 2 else None
            late = write(seed, REAL["all"](seed, temperature), facts, watchers(), temperature, curve=curve)
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
        real = list(REAL["all"](seed, temperature))
        liars: list[Drafter] = [Scripted("the truth", seed, truth=written(seed, temperature).tokens)]
        for drafters, curve in ((real, None), (liars, None)) if seed % 2 else ((liars, None), (real + liars, WIDE)):
            drafted = write(seed, drafters, FinalFacts([0]), watchers(), temperature, Moody(), curve)
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
    different = sum(written(seed, 0.0, False).tokens != written(seed, 0.0).tokens for seed in range(30))
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
