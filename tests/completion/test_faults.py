"""Completions while the analysis breaks: the text comes all the same, and says what is unknown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from analysis.analyzers.jedi.pool import JediPool
from analysis.store import FactStore, NoAnalyzer
from completion.service import CompletionService
from completion.types import CompletionRequest, Document, Limits
from models.checkpoints import LoadedModel, load
from tests.models.tiny_checkpoints import save

FAULTS = ("hang", "garbage", "die")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    """A random model of a few thousand weights."""
    return load(str(save(tmp_path_factory.mktemp("checkpoint"))))


@pytest.fixture
def pool(tmp_path: Path) -> JediPool:
    """One worker that breaks when asked about a receiver with the name of a fault."""
    return JediPool(1, tmp_path / "cache", module="tests.analysis.faulty_worker")


@pytest.fixture
def service(model: LoadedModel, pool: JediPool) -> Iterator[CompletionService]:
    """A service over both."""
    service = CompletionService(model, FactStore(pool))
    yield service
    service.close()


def request(receiver: str, folder: Path, facts: str = "live") -> CompletionRequest:
    """Return a request behind ``receiver.``."""
    text = f"import json\n{receiver} = json\nprint({receiver}."
    document = Document(str(folder / "work" / "bank" / "a.py"), text + ")\n")  # the model is told three parts
    limits, monitors = Limits(max_tokens=12), ("lexical", "brackets", "dot", "dereference")
    return CompletionRequest(document, len(text), str(folder), facts=facts, limits=limits, monitors=monitors)


@pytest.mark.parametrize("fault", FAULTS)
def test_the_text_comes_and_says_what_is_unknown(service: CompletionService, tmp_path: Path, fault: str) -> None:
    """A worker that hangs, talks nonsense or dies leaves the name unchecked, and the next request finds a sound one."""
    broken = service.complete_now(request(fault, tmp_path))
    assert broken.text
    assert broken.certificate is not None
    assert "checked" not in broken.certificate
    assert "unknown" in broken.certificate
    assert broken.counters["facts"]["unknown"] >= 1
    if fault != "hang":
        sound = service.complete_now(request("fine", tmp_path, facts="wait"))
        assert sound.certificate is not None
        assert "checked against Python" in sound.certificate


def test_a_hung_worker_still_hangs_when_the_text_is_there(
    service: CompletionService, pool: JediPool, tmp_path: Path
) -> None:
    """Nobody has waited for it, nor for its being killed."""
    service.complete_now(request("fine", tmp_path, facts="wait"))
    hanging = pool.processes()
    assert service.complete_now(request("hang", tmp_path)).text
    assert pool.processes() == hanging


@pytest.mark.parametrize("mode", ["wait", "live"])
def test_a_recorded_completion_is_written_again_without_analysis(
    model: LoadedModel, service: CompletionService, tmp_path: Path, mode: str
) -> None:
    """With the facts of the log the text, its tokens and its certificate are the same; without any they are not."""
    log = tmp_path / "log"
    service.complete_now(request("fine", tmp_path, facts="wait"))
    first = service.complete_now(replace(request("fine", tmp_path, facts=mode), record_facts=str(log)))
    offline = CompletionService(model, FactStore(NoAnalyzer()))
    try:
        again = offline.complete_now(request("fine", tmp_path / "elsewhere", facts=f"replay:{log}"))
        without = offline.complete_now(request("fine", tmp_path, facts=mode))
    finally:
        offline.close()
    assert (again.text, again.certificate) == (first.text, first.certificate)
    one, other = ([replace(token, origin="") for token in result.tokens] for result in (again, first))
    assert one == other  # but for who guessed them, which depends on what was written before
    assert without.certificate != first.certificate
