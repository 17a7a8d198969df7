"""The trace of a completion, on a tiny random checkpoint with real analysis."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
import torch

from analysis.facts import FactView
from analysis.python.scanner import START
from completion import generation, tracing
from completion.histories import MOST, Histories
from completion.hosts.messages import Completed, decode, encode
from completion.json_output import as_dict
from completion.service import CompletionService
from completion.trace import Alternative, ForwardPass, Period, Rewriting, Struck, Trace, TracedFact, TracedToken
from completion.tracing import History
from completion.types import CompletionRequest, CompletionResult, Document, Limits, Sampling
from decoding.masking import Choice
from decoding.recorder import Recorder
from decoding.run import Emitted
from decoding.types import Commit
from decoding.watch import Watch

CODE = """class Account:
    def __init__(self):
        self.balance = 0

    def deposit(self, amount):
        self.balance += amount
        print(self.$0)
"""


def request_in(folder: Path, trace: bool) -> CompletionRequest:
    """Return a request at the ``$0``."""
    before, _, after = CODE.partition("$0")
    return CompletionRequest(
        Document(str(folder / "a.py"), before + after),
        len(before),
        str(folder),
        monitors=("lexical", "brackets", "dereference"),
        limits=Limits(max_tokens=12),
        trace=trace,
    )


def completed(service: CompletionService, folder: Path, trace: bool) -> CompletionResult:
    """Complete at the ``$0``."""
    return service.complete_now(request_in(folder, trace))


def test_a_trace_tells_what_the_counters_count(service: CompletionService, tmp_path: Path) -> None:
    """Passes, guesses, questions and tokens are all there, and in time's order."""
    first = completed(service, tmp_path, trace=True)
    assert first.trace is not None
    assert {"context", "prefill"} <= {period.what for period in first.trace.periods}
    result = completed(service, tmp_path, trace=True)  # a slow machine has its facts now
    trace, counters = result.trace, result.counters
    assert trace is not None
    assert len(trace.passes) == counters["forward_passes"]
    assert sum(p.drafted for p in trace.passes) == sum(counters["drafted"].values())
    assert sum(p.accepted for p in trace.passes) == sum(counters["accepted"].values())
    assert len(trace.facts) == counters["facts"]["asked"]
    assert [p.start for p in trace.passes] == sorted(p.start for p in trace.passes)
    assert trace.periods[0].start == 0
    asked = next(fact for fact in trace.facts if fact.receiver == "self" and fact.kind == "attributes")
    assert (asked.needed, asked.cached, asked.late, asked.origin) == (True, True, False, "this file")
    assert asked.answered == asked.asked
    assert asked.names >= 2


def test_alternatives_and_what_was_struck_out(service: CompletionService, tmp_path: Path) -> None:
    """Each token has its alternatives, best first; names that are no attributes were struck out for that fact."""
    result = completed(service, tmp_path, trace=True)
    assert result.trace is not None
    assert len(result.trace.tokens) == len(result.tokens)
    struck = []
    for token, traced in zip(result.tokens, result.trace.tokens, strict=True):
        shares = [alternative.probability for alternative in traced.alternatives]
        assert shares == sorted(shares, reverse=True)
        assert len(shares) == tracing.SHOWN_ALTERNATIVES
        assert 0 < sum(shares) <= 1.001
        assert [(s.monitor, s.text) for s in traced.struck] == [(d.monitor, d.text) for d in token.denied]
        struck += traced.struck
    grounds = [s for s in struck if s.monitor == "dereference" and s.fact]
    assert grounds
    assert {s.fact.partition(".")[0] for s in grounds} == {"attributes"}
    assert {s.origin for s in grounds} == {"this file"}


def test_nothing_is_traced_unless_it_is_wanted(
    service: CompletionService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The text is the same, and no question, span or alternative is noted."""
    calls: list[str] = []

    def counted(owner: Any, name: str) -> None:
        real: Callable[..., Any] = getattr(owner, name)

        def counting(*arguments: Any, **named: Any) -> Any:
            calls.append(name)
            return real(*arguments, **named)

        monkeypatch.setattr(owner, name, counting)

    traced = completed(service, tmp_path, trace=True)
    counted(generation, "TracedFacts")
    counted(generation, "trace_of")
    counted(tracing, "best")
    spans: list[object] = []
    monkeypatch.setattr(
        generation, "Recorder", lambda spans=None, seen=spans: seen.append(spans) or Recorder(spans=spans)
    )
    plain = completed(service, tmp_path, trace=False)
    assert plain.trace is None
    assert (calls, set(spans)) == ([], {None})
    assert [token.id for token in plain.tokens] == [token.id for token in traced.tokens]


def test_what_is_remembered_is_told_later(
    service: CompletionService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The trace is the one that would have come along, and is put together when it is asked for."""
    wanted = request_in(tmp_path, trace=False)
    remembered = replace(wanted, remembered=True)
    service.complete_now(replace(wanted, trace=True))  # so that the facts are there
    made: list[object] = []
    monkeypatch.setattr(generation, "trace_of", lambda *given: made.append(given) or tracing.trace_of(*given))
    result = service.complete_now(remembered)
    assert (result.trace, made) == (None, [])
    told = asyncio.run(service.trace(remembered))
    along = service.complete_now(replace(wanted, trace=True)).trace
    assert told is not None
    assert along is not None
    assert told.tokens == along.tokens
    assert [p.text for p in told.passes] == [p.text for p in along.passes]
    assert asyncio.run(service.trace(wanted)) is None
    assert asyncio.run(service.trace(replace(remembered, strictness=2.0))) is None


def test_only_the_last_ones_are_remembered(service: CompletionService, tmp_path: Path) -> None:
    """And no more than fits."""
    wanted = replace(request_in(tmp_path, trace=False), remembered=True)
    seeds = [replace(wanted, sampling=Sampling(seed=seed)) for seed in range(MOST + 1)]
    for one in seeds:
        service.complete_now(one)
    told = [asyncio.run(service.trace(one)) is not None for one in seeds]
    assert told == [False] + [True] * MOST


def test_no_more_is_remembered_than_fits() -> None:
    """The rows of logits count."""
    watch, row = Watch.start((), START), torch.zeros(10)
    token = Emitted(2, Choice(2, ()), b"a", "model", row, None, watch, watch, 0, ())
    history = History((token,), {}, FactView(), Recorder(), Recorder(), ())
    requests = [CompletionRequest(Document("/p/a.py", "x"), number, "/p") for number in range(3)]
    histories = Histories(most_bytes=2 * row.nbytes)
    for request in requests:
        histories.keep(request, history)
    assert [histories.of(request) is not None for request in requests] == [False, True, True]


def test_what_is_remembered_keeps_no_pass(service: CompletionService, tmp_path: Path) -> None:
    """Of the logits of a pass over many tokens, the rows that were drawn from stay."""
    wanted = replace(request_in(tmp_path, trace=False), remembered=True)
    service.complete_now(wanted)
    history = service._histories.of(wanted)
    assert history is not None
    assert history.emitted
    assert sum(token.row.untyped_storage().nbytes() for token in history.emitted) == history.size


def test_a_trace_as_json_and_between_processes(service: CompletionService, tmp_path: Path) -> None:
    """It is plain values for JSON, and arrives as it was when an engine sends it."""
    result = completed(service, tmp_path, trace=True)
    printed = json.loads(json.dumps(as_dict(result)["trace"]))
    assert list(printed) == ["periods", "passes", "facts", "tokens", "rewritings"]
    assert decode(encode(Completed(1, result))) == Completed(1, result)


def test_a_recorder_keeps_moments_only_where_they_are_wanted() -> None:
    """Forward passes and phases have their start, and what a late fact changed is kept."""
    clock = iter(range(100)).__next__
    plain, keen = Recorder(clock=clock), Recorder(clock=clock, spans=[])
    for recorder in (plain, keen):
        with recorder.phase("prefill"):
            pass
        recorder.forward(0.5)
        recorder.commit(Commit((7,)))
        recorder.revise(0, (7,))
        assert recorder.late_changes == 1
    assert (plain.spans, plain.revisions) == (None, [])
    assert keen.spans is not None
    assert [(span.name, span.seconds) for span in keen.spans] == [("prefill", 1), ("forward", 0.5)]
    assert [tuple(revision) for revision in keen.revisions] == [(0, (7,))]


def test_the_contract_names_every_part() -> None:
    """docs/trace.md has the fields of all values."""
    text = (Path(__file__).parents[2] / "docs" / "trace.md").read_text(encoding="utf-8")
    parts = (Trace, Period, ForwardPass, TracedFact, TracedToken, Alternative, Struck, Rewriting)
    assert [field.name for part in parts for field in fields(part) if f'"{field.name}": ' not in text] == []
