"""What the monitors cost: on the decode thread by token, end to end, and in facts that come in time."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from analysis.analyzers.jedi.pool import JediPool
from analysis.facts import FactKey, FactView
from analysis.lexing import LexicalState
from analysis.store import FactStore
from bench.cases import Case, request_of
from completion.generation import CONTEXT_TOKENS
from completion.jobs import job_of, masker_of
from completion.layout import lay_out
from completion.prompt import Prompts
from completion.service import CompletionService
from completion.types import CompletionRequest, Limits
from decoding.draft_length import DraftLength
from decoding.loop import generate
from decoding.masking import Masker
from decoding.recorder import Recorder
from decoding.run import Parts, Run
from decoding.watch import Panel, Watch
from models.checkpoints import LoadedModel
from monitors import registry
from monitors.base import Check, Continuations, Expected, Expecting, Kind, Lexed, Monitor, Selective, Site

NEW_TOKENS = 24
ROUNDS = 3
KEYSTROKES = 8


@dataclass
class Timed:
    """A monitor with a stop watch.

    Attributes:
        inner: The monitor.
        seconds: Processor time spent in it since somebody last took it.
    """

    inner: Monitor[Any]
    seconds: float = 0.0
    name: str = field(init=False)
    kind: Kind = field(init=False)

    def __post_init__(self) -> None:
        """Pose as the monitor."""
        self.name, self.kind = self.inner.name, self.inner.kind

    def start(self) -> Any:
        """As the monitor."""
        return self.inner.start()

    def step(self, state: Any, text: Lexed, view: FactView) -> tuple[float, Any]:
        """As the monitor."""
        begun = time.thread_time()
        stepped = self.inner.step(state, text, view)
        self.seconds += time.thread_time() - begun
        return stepped

    def hears(self, state: Any, scan: LexicalState) -> int:
        """As the monitor."""
        assert isinstance(self.inner, Selective)
        begun = time.thread_time()
        heard = self.inner.hears(state, scan)
        self.seconds += time.thread_time() - begun
        return heard

    def expected(self, state: Any, view: FactView) -> Expected:
        """As the monitor."""
        assert isinstance(self.inner, Expecting)
        begun = time.thread_time()
        found = self.inner.expected(state, view)
        self.seconds += time.thread_time() - begun
        return found

    def continuations(self, state: Any) -> Continuations | None:
        """As the monitor."""
        begun = time.thread_time()
        found = self.inner.continuations(state)
        self.seconds += time.thread_time() - begun
        return found

    def needs(self, state: Any, scan: LexicalState) -> tuple[FactKey, ...]:
        """As the monitor."""
        begun = time.thread_time()
        keys = self.inner.needs(state, scan)
        self.seconds += time.thread_time() - begun
        return keys

    def missing(self, state: Any) -> tuple[FactKey, ...]:
        """As the monitor."""
        return self.inner.missing(state)

    def checks(self, state: Any) -> tuple[Check, ...]:
        """As the monitor."""
        return self.inner.checks(state)


@dataclass(frozen=True)
class Written:
    """A finished completion with what is needed to choose its tokens again."""

    run: Run
    site: Site[LexicalState]
    masker: Masker
    scan: LexicalState


def per_token(model: LoadedModel, requests: Sequence[CompletionRequest]) -> dict[str, Any]:
    """Return microseconds of the decode thread's processor time per emitted token, all facts there.

    Each completion is written once; then its tokens are chosen again from their stored rows, with fresh
    monitors, with none, and with each under a stop watch.  The monitors' cost is the difference.
    """
    store = FactStore(JediPool())
    try:
        written = [write(model, store, request) for request in requests]
    finally:
        store.close()
    costs: list[float] = []
    by_name: dict[str, list[float]] = {}
    for one in written:
        plain = np.median([walk(one, ()) for _ in range(ROUNDS)], axis=0)
        full = np.median([walk(one, registry.build(None, one.site)) for _ in range(ROUNDS)], axis=0)
        costs += list(1e6 * np.maximum(0.0, full - plain))
        for name, seconds in watched(one).items():
            by_name.setdefault(name, []).extend(1e6 * s for s in seconds)
    return {"tokens": len(costs), "all": spread(costs), "monitors": {n: spread(c) for n, c in by_name.items()}}


def write(model: LoadedModel, store: FactStore, request: CompletionRequest) -> Written:
    """Complete once, as the service does, and keep the run."""
    layout = lay_out(request)
    prompt = Prompts(model.vocabulary, model.format).prompt(layout, CONTEXT_TOKENS)
    job, site = job_of(request, layout, prompt, model)
    masker = masker_of(request, model, site, 0, None)
    watch = Watch.start(registry.build(None, site), site.start)
    facts = store.source(layout.document, "wait")
    stop = registry.rulebook_of(site.language).stop(site, False)
    parts = Parts(model.engine, model.engine.new_slab(), masker, watch, stop, facts, (), DraftLength())
    return Written(generate(job, parts, Recorder(), lambda: False), site, masker, site.start)


def walk(one: Written, monitors: tuple[Monitor[Any], ...]) -> list[float]:
    """Choose each token of a completion again; return the seconds of processor time that each took."""
    run, view = one.run, one.run.view
    watch = Watch.start(monitors, one.scan).advance(run.job.kept, view)
    seconds = []
    for position, emitted in enumerate(run.emitted):
        start = time.thread_time()
        one.masker.choose(emitted.row, position, watch, view)
        watch = watch.advance(emitted.data, view)
        watch.missing()
        watch.needs()
        seconds.append(time.thread_time() - start)
    return seconds


def watched(one: Written) -> dict[str, list[float]]:
    """Return each monitor's own seconds for each token."""
    monitors = registry.build(None, one.site)
    timed = tuple(Timed(monitor) for monitor in monitors)
    run, view = one.run, one.run.view
    panel, states = replace(Panel.of(monitors), monitors=timed), tuple(monitor.start() for monitor in monitors)
    watch = Watch(panel, one.scan, states).advance(run.job.kept, view)
    found: dict[str, list[float]] = {monitor.name: [] for monitor in timed}
    for position, emitted in enumerate(run.emitted):
        for monitor in timed:
            monitor.seconds = 0.0
        one.masker.choose(emitted.row, position, watch, view)
        watch = watch.advance(emitted.data, view)
        watch.missing()
        watch.needs()
        for monitor in timed:
            found[monitor.name].append(monitor.seconds)
    return found


def end_to_end(service: CompletionService, requests: Sequence[CompletionRequest]) -> dict[str, Any]:
    """Return what completions cost with warm facts and prompt, monitors on and off.

    A completion with monitors may cost more because each forward pass does, and because there are more of them: lines
    are written again, and what a drafter guessed right without monitors may be refused.  The ratio by pass is what
    the monitors cost; that by token and by completion has both.
    """
    sums = {"on": Counter[str](), "off": Counter[str]()}
    for request in requests:
        for name, wanted in (("on", request), ("off", replace(request, monitors=()))):
            service.complete_now(wanted)
            result = service.complete_now(wanted)
            sums[name].update({"ms": result.timings_ms["total"], "choosing_ms": result.timings_ms["monitor_thread"]})
            sums[name].update({key: result.counters[key] for key in ("new_tokens", "forward_passes", "backtracks")})
    on, off = sums["on"], sums["off"]
    by = {"token": "new_tokens", "pass": "forward_passes"}
    ratios = {name: on["ms"] / max(1, on[key]) / (off["ms"] / max(1, off[key])) for name, key in by.items()}
    return {"on": dict(on), "off": dict(off), "ratio": {"completion": on["ms"] / off["ms"], **ratios}}


def keystrokes(model: LoadedModel, cases: Sequence[Case], packages: Path, python: str) -> dict[str, Any]:
    """Type the true text at each case, completing after each character in mode "live"; count the facts.

    The first request of a case is the cold one: nothing of its file has been asked before.
    """
    cold: Counter[str] = Counter()
    warm: Counter[str] = Counter()
    waits: list[float] = []
    totals: dict[str, list[float]] = {"cold": [], "warm": []}
    service = CompletionService(model, FactStore(JediPool()))
    try:
        for case in cases:
            for typed in range(min(KEYSTROKES, len(case["truth"]))):
                head = {**case, "prefix": case["prefix"] + case["truth"][:typed]}
                request = request_of(head, packages, python, None, NEW_TOKENS, "live")
                result = service.complete_now(replace(request, limits=Limits(NEW_TOKENS, multiline=False)))
                (warm if typed else cold).update(result.counters["facts"])
                waits.append(result.timings_ms["analysis_wait"])
                totals["warm" if typed else "cold"].append(result.timings_ms["total"])
    finally:
        service.close()
    return {
        "cold": shares(cold),
        "warm": shares(warm),
        "analysis_wait_ms": {"p50": median(waits), "max": max(waits)},
        "total_ms": {name: median(values) if values else 0.0 for name, values in totals.items()},
    }


def shares(counts: Counter[str]) -> dict[str, float]:
    """Return what became of the questions.

    ``there_share`` is of the judgements on what was written that need an answer; ``on_time_share`` of all questions
    that can be answered, those asked ahead among them that nobody came to need.
    """
    needed, asked = counts["needed"], counts["asked"]
    answerable = asked - counts["unresolved"]
    return {
        "needed": needed,
        "there": needed - counts["lacking"],
        "there_share": 1 - counts["lacking"] / max(1, needed),
        "verified_late": counts["verified_late"],
        "asked": asked,
        "on_time": counts["on_time"],
        "late": counts["late"],
        "unresolved": counts["unresolved"],
        "unanswered": answerable - counts["on_time"] - counts["late"],
        "on_time_share": counts["on_time"] / max(1, answerable),
    }


def spread(values: Sequence[float]) -> dict[str, float]:
    """Return median, 99th percentile and mean."""
    p50, p99 = np.percentile(values, (50, 99)) if values else (0.0, 0.0)
    return {"p50": round(float(p50), 1), "p99": round(float(p99), 1), "mean": round(float(np.mean(values)), 1)}
