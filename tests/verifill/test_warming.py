"""A window on a real engine, of this process or its own: what was read before the first completion is asked for."""

from __future__ import annotations

import asyncio
import io
import json
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from completion.hosts import control
from completion.hosts.run_folder import engines, run_folder
from completion.loading import Service
from completion.service import CompletionService
from completion.types import CancelToken, CompletionRequest, CompletionResult, Tell
from lsp_server.server import create_server
from lsp_server.settings import ServerSettings
from lsp_server.stdio import FrameWriter
from tests.lsp_server.wire import ROOT
from tests.models import tiny_checkpoints
from verifill.options import ModelOptions
from verifill.wiring import host_for

pytestmark = pytest.mark.slow

CODE = "import os\n\n\n" + "".join(
    f"def path_{i}(name):\n    return os.path.join(name, '{i}')\n\n\n" for i in range(12)
)
URI = "file:///project/bank/a.py"


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A run folder whose engines are ended."""
    with tempfile.TemporaryDirectory(prefix="vf") as base:
        monkeypatch.setenv("XDG_RUNTIME_DIR", base)
        monkeypatch.setenv("PYTHONPATH", str(ROOT))
        yield
        for files in engines(run_folder()):
            assert control.stop(files)


class Watched:
    """A service whose results are kept."""

    def __init__(self, service: Service) -> None:
        """Watch ``service``."""
        self._service = service
        self.results: list[CompletionResult] = []

    async def complete(
        self, request: CompletionRequest, cancel: CancelToken, tell: Tell | None = None
    ) -> CompletionResult:
        """Complete, and keep the result."""
        self.results.append(await self._service.complete(request, cancel))
        return self.results[-1]

    def __getattr__(self, name: str) -> Any:
        """Pass everything else on."""
        return getattr(self._service, name)

    def status(self) -> Mapping[str, Any]:
        """Return how the service does, wherever it is."""
        if isinstance(self._service, CompletionService):
            return self._service.status()
        (files,) = engines(run_folder())
        values = control.status_of(files)
        assert values is not None
        return dict(values["service"])

    async def idle(self, finished: int = 0) -> int:
        """Wait until so much is finished and nothing is left to do; return how much is finished."""
        while True:
            status = await asyncio.to_thread(self.status)
            if status["finished"] >= finished and not status["running"] and not status["waiting"]:
                return int(status["finished"])
            await asyncio.sleep(0.01)


async def session(service: Watched) -> None:
    """Open a document, wait, complete at its end; add a line, wait, complete behind it."""
    front = create_server(lambda say: service, ServerSettings())  # type: ignore[arg-type, return-value]
    front.protocol.set_writer(FrameWriter(io.BytesIO()))
    lines = CODE.count("\n")

    async def say(method: str, params: Any, number: int | None = None) -> None:
        message = {"jsonrpc": "2.0", "method": method, "params": params} | ({} if number is None else {"id": number})
        front.protocol.receive(json.dumps(message).encode())
        await asyncio.sleep(0)

    async def complete(line: int, number: int) -> None:
        place = {"position": {"line": line, "character": 0}, "context": {"triggerKind": 2}}
        await say("textDocument/inlineCompletion", {"textDocument": {"uri": URI}, **place}, number)
        while len(service.results) < number:
            await asyncio.sleep(0.01)

    await say("initialize", {"processId": None, "capabilities": {}}, 0)
    await say("initialized", {})
    done = await service.idle()
    item = {"uri": URI, "languageId": "python", "version": 1, "text": CODE}
    await say("textDocument/didOpen", {"textDocument": item})
    await service.idle(done + 1)
    await complete(lines, 1)
    done = await service.idle(done + 2)
    here = {"line": lines, "character": 0}
    change = {"range": {"start": here, "end": here}, "text": "here = os.getcwd()\nthere = here + os.sep\n"}
    await say("textDocument/didChange", {"textDocument": {"uri": URI, "version": 2}, "contentChanges": [change]})
    await service.idle(done + 1)
    await complete(lines + 2, 2)
    await front.close()


@pytest.mark.parametrize("in_process", [True, False])
def test_the_first_completion_finds_its_prompt(tmp_path_factory: pytest.TempPathFactory, in_process: bool) -> None:
    """After opening, and after a pause behind a change, no token of the prompt is left to be fed."""
    config = tiny_checkpoints.llama(max_position_embeddings=2048, tie_word_embeddings=True)
    checkpoint = tiny_checkpoints.save(tmp_path_factory.mktemp("tiny"), config)
    service = Watched(host_for(ModelOptions(str(checkpoint)), in_process).open())
    asyncio.run(asyncio.wait_for(session(service), 120))
    opened, changed = (result.counters for result in service.results)
    assert opened["prompt_tokens"] > 300
    assert (opened["prefilled_tokens"], changed["prefilled_tokens"]) == (0, 0)
    assert changed["reused_tokens"] > opened["reused_tokens"]
