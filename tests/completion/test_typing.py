"""A service under someone who types: what is reused, superseded, kept ready, measured; and what goes wrong."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from analysis.facts import Definition, Fact
from analysis.store import FactStore
from analysis.testing import HeldAnalyzer
from completion.context.sources import DEFINITIONS
from completion.service import CompletionService, ServiceSettings, open_service
from completion.slabs import SlabStore
from completion.types import (
    CancelToken,
    CompletionRequest,
    CompletionResult,
    Document,
    Limits,
    Reason,
    Snippet,
    Trigger,
)
from models.engines.base import Rows, Slab
from models.engines.prefill import CHUNK_TOKENS
from models.errors import ModelError
from tests.models.tiny_checkpoints import qwen2, save

HEAD = "import os\n\n\nclass Account:\n    def deposit(self, amount):\n"
TAIL = "\n    def close(self):\n        return None\n"
TYPED = "        self.balance += amount\n        for name in (os.path, os.sep):\n            print(name)\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of a few thousand random weights, with room for a long prompt."""
    return save(tmp_path_factory.mktemp("checkpoint"), qwen2(max_position_embeddings=2048))


@pytest.fixture
def service(folder: Path) -> Iterator[CompletionService]:
    """A service in float64 that nobody has asked for anything yet."""
    opened = open_service(str(folder), "float64", settings=ServiceSettings(cache=None))
    yield opened
    opened.close()


def request(marked: str, path: str = "/p/a.py", **changes: object) -> CompletionRequest:
    """Return a keystroke's request at the ``$0`` of a text."""
    before, _, after = marked.partition("$0")
    plain = CompletionRequest(
        Document(path, before + after), len(before), "/p", Trigger.AUTOMATIC, facts="none", limits=Limits(8)
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def keystrokes(typed: str = TYPED) -> list[CompletionRequest]:
    """Return the requests of someone who types into a class."""
    return [request(HEAD + typed[:n] + "$0" + TAIL) for n in range(len(typed) + 1)]


def test_a_keystroke_costs_no_prompt(service: CompletionService) -> None:
    """Over three lines hardly a token is fed twice; the median keystroke feeds none."""
    fed = [service.complete_now(keystroke).counters["prefilled_tokens"] for keystroke in keystrokes()]
    assert fed[0] > 50
    assert sorted(fed)[len(fed) // 2] == 0
    assert max(fed[1:]) <= 4


def test_other_files_cost_no_keystroke(service: CompletionService) -> None:
    """What came along of them is read once, and stays where it is while the user types."""
    other = (Snippet("/p/bank.py", "class Bank:\n    rate = 3\n"),)
    results = [service.complete_now(replace(keystroke, context=other)) for keystroke in keystrokes()]
    fed = [result.counters["prefilled_tokens"] for result in results]
    assert fed[0] > 60 and max(fed[1:]) <= 4
    assert sorted(fed)[len(fed) // 2] == 0
    assert {tuple(result.counters["context"].values()) for result in results} == {
        (1, results[0].counters["context"]["tokens"], 0)
    }


def test_context_that_comes_late_waits_for_the_next_layout(folder: Path) -> None:
    """Who types gets a text without it, and the prompt does not change under them when it has come."""
    analysis = HeldAnalyzer()
    service = open_service(str(folder), "float64", facts=FactStore(analysis), settings=ServiceSettings(cache=None))
    live = {"facts": "live", "monitors": (), "sources": (DEFINITIONS,)}
    text = "from bank import Bank\n\n\ndef f():\n    Bank$0\n"
    first = service.complete_now(request(text, **live))
    assert first.counters["context"] == {"blocks": 0, "tokens": 0, "late": 1}
    while analysis.held:
        _, key, deliver = analysis.held.pop(0)
        definition = Definition("/p/bank.py", "class Bank: ...\n")
        deliver(Fact(key, frozenset(), "definition", "", definitions=(definition,)))
    typed = service.complete_now(request(text.replace("$0", ".$0"), **live))
    assert typed.counters["context"] == {"blocks": 0, "tokens": 0, "late": 0}
    assert typed.counters["prefilled_tokens"] <= 2
    moved = service.complete_now(request(text.replace("Bank$0\n", "Bank\nx = Bank.$0\n"), **live))
    assert moved.counters["context"]["blocks"] == 1
    service.close()


def test_a_warm_cache_changes_no_text(service: CompletionService) -> None:
    """Each completion is the one that the same prompt gets with no keys and values kept."""
    warm = [service.complete_now(keystroke) for keystroke in keystrokes()[::3]]
    service._prompts._held.clear()
    cold = []
    for keystroke in keystrokes()[::3]:
        service._slabs = SlabStore(service._model.engine, 2**30)
        cold.append(service.complete_now(keystroke))
    assert all(result.counters["reused_tokens"] == 0 for result in cold)
    assert [r.counters["prompt_tokens"] for r in warm] == [r.counters["prompt_tokens"] for r in cold]
    assert [[token.id for token in r.tokens] for r in warm] == [[token.id for token in r.tokens] for r in cold]


def test_who_types_along_gets_the_last_text_in_few_passes(service: CompletionService) -> None:
    """What was written at the keystroke before is the first guess: the same text, fewer passes."""
    line = HEAD + "        x ="
    first = service.complete_now(request(f"{line}$0{TAIL}", monitors=()))
    written = "".join(token.text for token in first.tokens).removeprefix("=")
    strokes = [request(f"{line}{written[:n]}$0{TAIL}", monitors=()) for n in (0, 0, 1, 2, 3)]
    plain, guessed = (
        [service.complete_now(replace(stroke, drafters=drafters)) for stroke in strokes]
        for drafters in ((), ("previous",))
    )
    assert [[token.id for token in r.tokens] for r in guessed] == [[token.id for token in r.tokens] for r in plain]
    passes = [result.counters["forward_passes"] for result in guessed]
    assert passes[1] == 1
    assert sum(passes[2:]) < sum(result.counters["forward_passes"] for result in plain[2:])


def test_the_newest_keystroke_supersedes_the_others(service: CompletionService) -> None:
    """Of many requests for one document at once only the last is answered; another document is not touched."""

    async def burst() -> list[CompletionResult]:
        elsewhere = service.complete(request("x = $0\n", "/p/b.py"), CancelToken())
        typed = [service.complete(keystroke, CancelToken()) for keystroke in keystrokes()[:12]]
        return await asyncio.gather(elsewhere, *typed)

    elsewhere, *typed, last = asyncio.run(burst())
    assert elsewhere.reason is not Reason.SUPERSEDED and last.reason is not Reason.SUPERSEDED
    assert last.counters["new_tokens"] > 0 < elsewhere.counters["new_tokens"]
    assert [result.reason for result in typed[:-1]] == [Reason.SUPERSEDED] * (len(typed) - 1)
    assert service.status()["superseded"] >= len(typed) - 1


def test_explicit_requests_are_all_answered(service: CompletionService) -> None:
    """Programs that ask about one document at once all get their text."""

    async def several() -> list[CompletionResult]:
        asked = [request("x = $0\n", trigger=Trigger.PROGRAM) for _ in range(4)]
        return await asyncio.gather(*(service.complete(each, CancelToken()) for each in asked))

    assert len({result.text for result in asyncio.run(several())}) == 1


def test_what_was_warmed_up_is_not_fed_again(service: CompletionService) -> None:
    """An opened document's first completion finds its prompt there."""
    service.warm(request(HEAD + "        $0" + TAIL))
    while not service.status()["finished"]:
        pass
    result = service.complete_now(request(HEAD + "        $0" + TAIL))
    assert result.counters["prefilled_tokens"] == 0 < result.counters["reused_tokens"]


def test_a_request_waits_for_a_chunk_of_a_warm_up_at_most(
    service: CompletionService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes in the middle of a document that is being read; that goes on behind it."""
    fed: list[int] = []
    asked: list[Future[CompletionResult]] = []
    extend = service._model.engine.extend

    def noting(slab: Slab, tokens: Sequence[int]) -> None:
        extend(slab, tokens)
        fed.append(len(tokens))
        if len(fed) == 2:
            asked.append(service._submit(request("x = $0\n", "/p/b.py", monitors=(), drafters=()), CancelToken()))

    monkeypatch.setattr(service._model.engine, "extend", noting)
    service.warm(request("".join(f"x{i} = {i}\n" for i in range(2000)) + "$0"))
    while service.status()["finished"] < 2:
        pass
    assert asked[0].result().counters["prefilled_tokens"] == fed[2] < CHUNK_TOKENS
    assert fed[:2] == fed[3:5] == [CHUNK_TOKENS] * 2


def test_warming_up_refuses_nonsense(service: CompletionService) -> None:
    """A cursor outside the text is told at once."""
    with pytest.raises(ValueError, match="offset 9 lies outside"):
        service.warm(CompletionRequest(Document("/p/a.py", "x"), 9, "/p"))


def test_a_prompt_beyond_the_context_is_told(service: CompletionService) -> None:
    """The counters say how much of the document the model did not see."""
    long = "".join(f"x{i} = {i}\n" for i in range(2000))
    unseen = service.complete_now(request(long + "y = $0\n" + long)).counters["unseen"]
    assert 0 < unseen["before"] < len(long) and 0 < unseen["behind"] < len(long)
    assert service.complete_now(request("y = $0\n")).counters["unseen"] == {"before": 0, "behind": 0}


@pytest.mark.slow
def test_memory_is_flat_over_two_thousand_requests(folder: Path) -> None:
    """After the first hundred, slabs and marks take no more, whatever is asked; and never more than the cap."""
    cap = 300_000
    service = open_service(str(folder), settings=ServiceSettings(cap, cache=None))
    taken: list[tuple[int, int, int]] = []
    for i in range(2000):
        text = f"{HEAD}        x{i % 7} = []\n$0{TAIL}"
        service.complete_now(request(text, f"/p/{i % 50}.py", limits=Limits(1), monitors=(), drafters=()))
        status = service.status()
        taken.append((status["slabs"]["bytes"], status["slabs"]["count"], status["documents"]))
        assert status["slabs"]["bytes"] <= cap
        assert status["slabs"]["leased"] == 0
    service.close()
    assert max(taken[100:]) <= max(taken[:100])


def test_the_status_is_plain(service: CompletionService) -> None:
    """It can be sent as JSON, and counts what was done."""
    service.complete_now(request("x = $0\n"))
    status = json.loads(json.dumps(service.status()))
    assert (status["finished"], status["running"], status["waiting"], status["documents"]) == (1, 0, 0, 1)
    assert status["cost_curve"] is None
    assert 0 < status["slabs"]["used_bytes"] <= status["slabs"]["bytes"] <= 1.2 * status["slabs"]["used_bytes"]


def test_measuring_changes_no_text_and_is_kept(folder: Path, tmp_path: Path) -> None:
    """A calibrated service writes the same tokens, tells each step's time, and a later one starts calibrated."""
    steps: list[tuple[int, float, float | None]] = []
    threads = torch.get_num_threads()
    settings = ServiceSettings(cache=tmp_path)
    service = open_service(str(folder), "float64", settings=settings, on_step=lambda *step: steps.append(step))
    before = [service.complete_now(keystroke) for keystroke in keystrokes()[::7]]
    assert steps and all(expected is None for _, _, expected in steps)
    steps.clear()
    service.calibrate()
    while service.status()["cost_curve"] is None:
        pass
    after = [service.complete_now(keystroke) for keystroke in keystrokes()[::7]]
    assert [[t.id for t in r.tokens] for r in before] == [[t.id for t in r.tokens] for r in after]
    assert steps and all(expected and seconds > 0 < tokens for tokens, seconds, expected in steps)
    service.close()
    again = open_service(str(folder), "float64", settings=settings)
    assert again.status()["cost_curve"] == service.status()["cost_curve"]
    again.close()
    torch.set_num_threads(threads)


def test_rows_without_numbers_are_an_error(service: CompletionService, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names a mend, what was computed is dropped, and the next request is answered."""

    def overflowing(slab: Slab, tokens: Sequence[int]) -> Rows:
        return Rows(forward(slab, tokens).logits * torch.nan)

    forward = service._model.engine.forward
    with monkeypatch.context() as patch, pytest.raises(ModelError, match="NaN.*--dtype float32"):
        patch.setattr(service._model.engine, "forward", overflowing)
        service.complete_now(request(HEAD + "$0" + TAIL))
    assert service.status()["slabs"]["count"] == 0
    assert service.complete_now(request(HEAD + "$0" + TAIL)).counters["new_tokens"] > 0


@pytest.mark.parametrize("times", [1, 2])
def test_without_memory_there_is_a_smaller_cache_or_a_reason(
    service: CompletionService, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """Once: the request is answered from a cache that keeps less.  Again: it ends with a reason."""
    left = [RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to")] * times
    extend = service._model.engine.extend

    def full(slab: Slab, tokens: Sequence[int]) -> None:
        if left:
            raise left.pop()
        extend(slab, tokens)

    service.complete_now(request("x = $0\n", "/p/b.py"))
    monkeypatch.setattr(service._model.engine, "extend", full)
    result = service.complete_now(request(HEAD + "$0" + TAIL))
    slabs = service.status()["slabs"]
    assert slabs["reason"] == "out of memory"
    assert slabs["cap_bytes"] < 100_000
    assert (result.reason is Reason.OUT_OF_MEMORY) == (times == 2)
    assert (result.counters == {}) == (times == 2)


def test_another_error_is_not_taken_for_lack_of_memory(
    service: CompletionService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It reaches who asked, as it is."""

    def broken(slab: Slab, tokens: Sequence[int]) -> None:
        raise RuntimeError("no such kernel")

    monkeypatch.setattr(service._model.engine, "extend", broken)
    with pytest.raises(RuntimeError, match="no such kernel"):
        service.complete_now(request(HEAD + "$0" + TAIL))


def test_a_closed_service_says_cancelled(folder: Path) -> None:
    """Whoever asks too late gets an answer all the same."""
    service = open_service(str(folder), settings=ServiceSettings(cache=None))
    service.close()
    assert service.complete_now(request("x = $0\n")).reason is Reason.CANCELLED
