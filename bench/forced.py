"""Texts that are forced: the model really runs, and its logits are overruled so that it writes what is wanted.

Passes and times are real, tokens are replayed.  See ``bench.speculation``.
"""

from __future__ import annotations

import ast
import builtins
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from analysis.facts import NoFacts
from analysis.python.scanner import START
from bench.rewriting import Endless, ForcedEngine
from completion.generation import CONTEXT_TOKENS
from decoding.draft_length import DraftLength
from decoding.drafters import registry
from decoding.loop import generate
from decoding.masking import Masker
from decoding.recorder import Recorder
from decoding.run import Job, Parts
from decoding.sampling import Sampler
from decoding.types import Drafter
from decoding.watch import Watch
from models.calibration import Calibration, calibrating
from models.checkpoints import LoadedModel
from models.engines.base import Engine
from models.engines.cost import CostCurve

WAYS: dict[str, tuple[str, ...]] = {
    "plain": (),
    "drafted": tuple(name for name in registry.DEFAULT if name != "previous"),
}
"""Drafters; what was written before is no help where nothing is asked twice but for measuring."""

# Tokens that are rewritten, and that stand before them to be copied from.
REWRITTEN = 256

# Tokens that are continued as they stand in the file.
CONTINUED = 96

BUILTINS = frozenset(dir(builtins))

Way = TypeVar("Way")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Measured:
    """One case both ways.

    Attributes:
        group: Workload, model and precision.
        file: Path.
        tokens: What was written.
        passes: Forward passes by way.
        seconds: By way.
        predicted: Seconds of these passes by the cost curve, by way: what drafting would bring if nothing but passes
            took time.
        same: Both ways wrote the same tokens.
    """

    group: str
    file: str
    tokens: tuple[int, ...]
    passes: dict[str, int]
    seconds: dict[str, float]
    predicted: dict[str, float]
    same: bool


def in_turns(
    run: Callable[[Way], Result], ways: Iterable[Way], repeats: int, aside: Callable[[], float] = lambda: 0.0
) -> tuple[dict[Way, float], dict[Way, Result]]:
    """Return the fewest seconds of each way, and what came out the last time.

    Args:
        run: Goes a way.
        ways: All; each goes first as often as last.
        repeats: How often each is gone.
        aside: Returns the seconds so far that do not count.
    """
    order = list(ways)
    seconds: dict[Way, float] = {}
    results: dict[Way, Result] = {}
    for repeat in range(repeats):
        for way in order[:: 1 if repeat % 2 else -1]:
            begin, before = time.perf_counter(), aside()
            results[way] = run(way)
            taken = time.perf_counter() - begin - (aside() - before)
            seconds[way] = min(seconds.get(way, taken), taken)
    return seconds, results


@dataclass(frozen=True)
class Replay:
    """A text that is forced.

    Attributes:
        group: Workload, model and precision.
        file: Path.
        job: What is read and how much is written.
        target: What is written.
    """

    group: str
    file: str
    job: Job
    target: tuple[int, ...]


def measured_curve(model: LoadedModel) -> CostCurve:
    """Measure what passes cost."""
    steps = calibrating(model)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            calibration: Calibration = end.value
            return calibration.curve


def shuffled(files: Sequence[Path], seed: int) -> list[Path]:
    """Return files in an order that depends on the seed."""
    return random.Random(seed).sample(files, len(files))


def continuations(model: LoadedModel, files: Sequence[Path], cases: int, seed: int) -> list[Replay]:
    """Return so many ends of files as they are: what a model would write that makes no mistakes."""
    replays: list[Replay] = []
    for path in shuffled(files, seed):
        if len(replays) == cases:
            break
        ids = model.vocabulary.encode(path.read_text(encoding="utf-8"))
        if len(ids) < 3 * CONTINUED:
            continue
        text = model.vocabulary.decode(ids[-CONTEXT_TOKENS:-CONTINUED]).decode("utf-8", "ignore")
        prompt, target = model.format.encode(model.vocabulary, text, ""), ids[-CONTINUED:]
        before = model.format.before_middle(prompt)
        job = Job(prompt, b"", b"", len(target), model.format.separators, before)
        replays.append(Replay(f"continuing, {model.name}, {model.dtype}", str(path), job, target))
    return replays


def rewritings(model: LoadedModel, files: Sequence[Path], cases: int, seed: int) -> list[Replay]:
    """Return so many ends of files with their most frequent name replaced."""
    vocabulary, replays = model.vocabulary, list[Replay]()
    for path in shuffled(files, seed):
        if len(replays) == cases:
            break
        text = path.read_text(encoding="utf-8")
        names = Counter(node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name))
        name = next((name for name, _ in names.most_common() if len(name) > 3 and name not in BUILTINS), "")
        ids = vocabulary.encode(text)
        old = vocabulary.decode(ids[-REWRITTEN:]).decode("utf-8", "ignore")
        new = old.replace(name, f"{name}_list") if name else old
        if new == old or len(ids) < 2 * REWRITTEN:
            continue
        prompt = model.format.encode(vocabulary, old, "")
        target = vocabulary.encode(new)
        before = model.format.before_middle(prompt)
        job = Job(prompt, b"", b"", len(target), model.format.separators, before)
        replays.append(Replay(f"rewriting, embedded, {model.dtype}", str(path), job, target))
    return replays


def forced(model: LoadedModel, curve: CostCurve, length: DraftLength, replay: Replay, repeats: int) -> Measured:
    """Write a given text both ways, with what the drafters have learned from the texts before (``length``)."""
    over = ForcedEngine(model.engine, len(replay.job.prompt), replay.target)
    slab = over.new_slab()
    passes: dict[str, int] = {}
    predicted: dict[str, float] = {}
    old = replay.job.prompt if replay.group.startswith("rewriting") else ()

    def run(way: str, job: Job = replay.job) -> tuple[int, ...]:
        material = registry.Material(
            vocabulary=model.vocabulary,
            replaced=model.vocabulary.decode(old),
            heads=model.heads,
            draft=model.draft,
        )
        drafters = registry.build(WAYS[way], material)
        recorder = Recorder()
        parts = replace(parts_of(over, model, length, drafters), slab=slab)
        done = generate(job, parts, recorder, lambda: False)
        passes[way] = recorder.forward_passes
        predicted[way] = sum(curve.at(commit.drafted + 1) for commit in recorder.commits)
        return done.tokens

    run("plain", replace(replay.job, max_tokens=1))  # the prompt is read
    seconds, tokens = in_turns(run, WAYS, repeats)
    same = tokens["plain"] == tokens["drafted"] == replay.target
    return Measured(replay.group, replay.file, replay.target, passes, seconds, predicted, same)


def parts_of(engine: Engine, model: LoadedModel, length: DraftLength, drafters: Sequence[Drafter]) -> Parts:
    """Return what a generation without monitors works with."""
    masker = Masker(model.vocabulary, model.format.end_ids, b"\n", Sampler())
    watch = Watch.start((), START)
    return Parts(engine, engine.new_slab(), masker, watch, Endless(), NoFacts(), drafters, length)
