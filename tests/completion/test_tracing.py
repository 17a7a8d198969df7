"""The trace of a completion, on a tiny random checkpoint with real analysis."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from completion import generation, tracing
from completion.hosts.messages import Completed, decode, encode
from completion.json_output import as_dict
from completion.service import CompletionService, ServiceSettings, open_service
from completion.trace import Alternative, ForwardPass, Period, Rewriting, Struck, Trace, TracedFact, TracedToken
from completion.types import CompletionRequest, CompletionResult, Document, Limits
from decoding.recorder import Recorder
from decoding.types import Commit
from tests.models.tiny_checkpoints import save

CODE = """class Account:
    def __init__(self):
        self.balance = 0

    def deposit(self, amount):
        self.balance += amount
        print(self.$0)
"""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CompletionService]:
    """A service on a random model."""
    folder = tmp_path_factory.mktemp("checkpoint")
    save(folder)
    opened = open_service(str(folder), settings=ServiceSettings(cache=None))
    yield opened
    opened.close()


def completed(service: CompletionService, folder: Path, trace: bool) -> CompletionResult:
    """Complete at the ``$0``."""
    before, _, after = CODE.partition("$0")
    return service.complete_now(
        CompletionRequest(
            Document(str(folder / "a.py"), before + after),
            len(before),
            str(folder),
            monitors=("lexical", "brackets", "dereference"),
            limits=Limits(max_tokens=12),
            trace=trace,
        )
    )


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
