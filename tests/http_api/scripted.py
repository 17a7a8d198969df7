"""A service that does what the document says, and an app over it.

The word before the cursor decides: ``hold`` waits until the token fires, ``fail`` raises an
error that quotes the document, ``silent`` has no text, ``undone`` has none and no work was done for
it, ``lines`` has several, ``long`` ended at the token limit; else the text is ``done``.  Alternatives
are numbered.  What a test has put into ``script`` is written instead, and told bit by bit where somebody
wants to know.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from starlette.testclient import TestClient

from completion.types import CancelToken, Candidate, CompletionRequest, CompletionResult, Reason, Tell
from http_api.app import create_app
from http_api.settings import ServerSettings
from tests.verifill.samples import NOTHING, RESULT

TOKEN = "a-token-for-the-tests"
SETTINGS = ServerSettings(version="9.9", token=TOKEN, workspace="/w", environment="/default/python")
BASE = "http://127.0.0.1:8765"
AUTHORIZED = {"Authorization": f"Bearer {TOKEN}"}

TEXTS = {"lines": "first\n    second\nthird", "long": "cut of"}


class ScriptedService:
    """Completes by script and keeps what it was asked."""

    model = "scripted"
    device = "none"
    context = 512
    warning = ""

    def __init__(self) -> None:
        """Start with nothing asked."""
        self.asked: list[CompletionRequest] = []
        self.warmed: list[CompletionRequest] = []
        self.script: list[str] = []
        self.fired = 0
        self.holding = asyncio.Event()
        self.closed = False

    async def complete(
        self, request: CompletionRequest, cancel: CancelToken, tell: Tell | None = None
    ) -> CompletionResult:
        """Do what the word before the cursor says."""
        self.asked.append(request)
        if self.script:
            return await self._by_script(cancel, tell)
        word = request.document.text[: request.offset].split()[-1:]
        if word == ["hold"]:
            self.holding.set()
            while not cancel.cancelled:
                await asyncio.sleep(0)
            self.fired += 1
            return replace(NOTHING, reason=Reason.CANCELLED)
        if word == ["fail"]:
            raise RuntimeError(f"cannot complete {request.document.text}")
        if word == ["silent"]:
            return NOTHING
        if word == ["undone"]:
            return replace(NOTHING, reason=Reason.OUT_OF_MEMORY, counters={}, timings_ms={})
        text, finish = TEXTS.get("".join(word), "done"), "length" if word == ["long"] else "stop"
        others = (Candidate(f"other {number}", -2.0, "stop") for number in range(1, request.candidates))
        return replace(RESULT, candidates=(Candidate(text, -1.0, finish), *others))

    async def _by_script(self, cancel: CancelToken, tell: Tell | None) -> CompletionResult:
        """Tell all but the last text; after "hold" wait for the token, at "fail" fail."""
        *texts, last = self.script
        for text in texts:
            if text == "hold":
                self.holding.set()
                while not cancel.cancelled:
                    await asyncio.sleep(0)
                self.fired += 1
                return replace(NOTHING, reason=Reason.CANCELLED)
            if text == "fail":
                raise RuntimeError(f"cannot complete {texts}")
            if tell is not None:
                await asyncio.to_thread(tell, text)
                await asyncio.sleep(0)
        return replace(RESULT, candidates=(Candidate(last, -1.0, "stop"), Candidate("other", -2.0, "stop")))

    async def trace(self, request: CompletionRequest) -> None:
        """Remember nothing."""

    def warm(self, request: CompletionRequest) -> None:
        """Remember it."""
        self.warmed.append(request)

    def wake(self) -> None:
        """Be awake."""

    def end(self) -> None:
        """Hold nothing."""

    def close(self) -> None:
        """Remember it."""
        self.closed = True


@contextmanager
def serving(service: ScriptedService, settings: ServerSettings = SETTINGS) -> Iterator[TestClient]:
    """Yield a client with the right token, to an app whose service is loaded."""
    with TestClient(create_app(lambda: service, settings), base_url=BASE, headers=AUTHORIZED) as client:
        assert client.portal is not None
        client.portal.call(client.app.state.desk.loaded)  # type: ignore[attr-defined]
        yield client


def error_of(body: dict[str, Any]) -> str:
    """Return the message of an error in any dialect."""
    error = body["error"]
    return str(error if isinstance(error, str) else error["message"])
