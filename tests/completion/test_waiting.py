"""A request that waits for the analysis, beside others on the one thread that owns the model."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

import pytest

from analysis import modes
from analysis.store import FactStore
from analysis.testing import HeldAnalyzer
from completion.service import CompletionService, ServiceSettings
from completion.types import CancelToken, CompletionRequest, CompletionResult, Document, Limits, Reason, Trigger
from models.checkpoints import LoadedModel, load
from tests.models.tiny_checkpoints import save

NAMES = ("path", "sep", "getcwd")


class Answering(HeldAnalyzer):
    """An analyzer that answers at once."""

    def submit(self, document, key, deliver):  # type: ignore[no-untyped-def]
        """Answer."""
        super().submit(document, key, deliver)
        self.answer(*NAMES)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    """A random model of a few thousand weights."""
    return load(str(save(tmp_path_factory.mktemp("checkpoint"))), "float64")


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here ends because it took too long."""
    monkeypatch.setattr(modes, "PATIENCE_S", 60.0)
    monkeypatch.setattr(modes, "PATIENCE_AT_CURSOR_S", 60.0)


def request(path: str, facts: str, trigger: Trigger = Trigger.PROGRAM) -> CompletionRequest:
    """Return a request behind a dot."""
    text = "import os\nprint(os."
    monitors = ("lexical", "brackets", "dot", "dereference")
    document = Document(path, text + ")\n")
    return CompletionRequest(
        document, len(text), "/project", trigger, facts=facts, monitors=monitors, limits=Limits(max_tokens=12)
    )


Session = Callable[[CompletionService], Coroutine[None, None, None]]


def with_service(model: LoadedModel, analyzer: HeldAnalyzer, session: Session) -> None:
    """Run a session with a service, which is closed at the end."""
    service = CompletionService(model, FactStore(analyzer), ServiceSettings(cache=None))
    try:
        asyncio.run(asyncio.wait_for(session(service), 60))
    finally:
        service.close()


async def asked(analyzer: HeldAnalyzer) -> None:
    """Wait until the analysis has a question."""
    while not analyzer.held:
        await asyncio.sleep(0.001)


@pytest.mark.parametrize(
    ("facts", "trigger"), [("wait", Trigger.INVOKED), ("wait", Trigger.PROGRAM), ("live", Trigger.AUTOMATIC)]
)
def test_others_run_while_one_waits(model: LoadedModel, facts: str, trigger: Trigger) -> None:
    """Five less urgent requests are answered before its fact has come; its text is then that of an early fact."""
    analyzer, results = HeldAnalyzer(), list[CompletionResult]()

    async def late(service: CompletionService) -> None:
        waiting = asyncio.ensure_future(service.complete(request("/project/a.py", facts, trigger), CancelToken()))
        await asked(analyzer)
        for number in range(5):
            other = await service.complete(request(f"/project/{number}.py", "none"), CancelToken())
            assert other.counters["new_tokens"] > 0
        assert not waiting.done()
        assert (service.status()["running"], service.status()["finished"]) == (1, 5)
        while not waiting.done():
            if analyzer.held:
                analyzer.answer(*NAMES)
            await asyncio.sleep(0.001)
        results.append(waiting.result())

    async def early(service: CompletionService) -> None:
        results.append(await service.complete(request("/project/a.py", facts, trigger), CancelToken()))

    with_service(model, analyzer, late)
    with_service(model, Answering(), early)
    waited, at_once = results
    assert waited.counters["facts"]["asked"] > 0
    assert [token.id for token in waited.tokens] == [token.id for token in at_once.tokens]
    assert (waited.text, waited.certificate) == (at_once.text, at_once.certificate)


def test_a_cancel_ends_the_wait(model: LoadedModel) -> None:
    """A request that nobody wants any more waits for nothing, and no pass is run for it."""
    analyzer = HeldAnalyzer()

    async def session(service: CompletionService) -> None:
        cancel = CancelToken()
        waiting = asyncio.ensure_future(service.complete(request("/project/a.py", "wait"), cancel))
        await asked(analyzer)
        cancel.cancel()
        result = await waiting
        assert (result.reason, result.counters["forward_passes"]) == (Reason.CANCELLED, 0)

    with_service(model, analyzer, session)
