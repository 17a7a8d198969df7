"""Sampling modes end to end, on a tiny random model."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from analysis.store import FactStore, NoAnalyzer
from completion.jobs import sampler_of
from completion.service import CompletionService
from completion.types import CompletionRequest, Document, Limits, Sampling, SamplingMode
from models.checkpoints import load
from tests.models.tiny_checkpoints import save


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CompletionService]:
    """A service without analysis."""
    service = CompletionService(load(str(save(tmp_path_factory.mktemp("checkpoint")))), FactStore(NoAnalyzer()))
    yield service
    service.close()


def texts(service: CompletionService, mode: SamplingMode, strength: float = 1.0) -> list[str]:
    """Return six candidates; the path is in the prompt, so it is the same in every run."""
    sampling = Sampling(temperature=0.9, top_k=6, seed=3, mode=mode, strength=strength)
    document = Document("/project/a.py", "x = f(\n")
    monitors = ("lexical", "brackets", "repetition", "dot")
    request = CompletionRequest(
        document, 6, "/project", facts="none", monitors=monitors, candidates=6, limits=Limits(8), sampling=sampling
    )
    return [candidate.text for candidate in service.complete_now(request).candidates]


def test_modes_are_keyed_and_differ(service: CompletionService) -> None:
    """Each mode gives the same candidates again, and the first aligned one is drawn as in the product."""
    drawn = {mode: texts(service, mode) for mode in SamplingMode}
    assert drawn == {mode: texts(service, mode) for mode in SamplingMode}
    assert drawn[SamplingMode.ALIGNED][0] == drawn[SamplingMode.PRODUCT][0]
    assert drawn[SamplingMode.ALIGNED] != drawn[SamplingMode.PRODUCT]


@pytest.mark.parametrize(("temperature", "drawn_at"), [(1e-320, 0.0), (1e-200, 1e-200), (0.7, 0.7)])
def test_what_is_nearly_greedy_is_greedy(temperature: float, drawn_at: float) -> None:
    """Logits divided by next to nothing would be no numbers."""
    request = CompletionRequest(Document("/a.py", ""), 0, "/", sampling=Sampling(temperature=temperature))
    assert sampler_of(request, 0).temperature == drawn_at
