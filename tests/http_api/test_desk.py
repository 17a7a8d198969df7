"""Waiting for the model: order, bounds, clients that leave, and the end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request

from completion.types import CancelToken, CompletionRequest, Document, Reason
from http_api import infill
from http_api.app import create_app
from http_api.desk import Desk
from http_api.errors import ApiError
from tests.http_api.scripted import AUTHORIZED, SETTINGS, ScriptedService


def request(word: str) -> CompletionRequest:
    """Return a request that tells the scripted service a word."""
    return CompletionRequest(Document("/w/a.py", word), len(word), "/w")


def with_desk(most: int, session: Callable[[Desk, ScriptedService], Awaitable[None]]) -> ScriptedService:
    """Run a session at a desk whose service is loaded; it is closed at the end."""
    service = ScriptedService()

    async def main() -> None:
        desk = Desk(lambda: service, most)
        desk.open()
        await desk.loaded()
        await session(desk, service)
        await desk.close()

    asyncio.run(asyncio.wait_for(main(), 30))
    assert service.closed
    return service


def test_first_come_first_served() -> None:
    """Requests run one after the other in their order."""

    async def session(desk: Desk, service: ScriptedService) -> None:
        flights = [desk.submit(request(word), CancelToken()) for word in ("a", "b", "c")]
        assert desk.busy
        assert [(await flight).text for flight in flights] == ["done"] * 3

    assert [asked.document.text for asked in with_desk(3, session).asked] == ["a", "b", "c"]


def test_a_full_queue_refuses() -> None:
    """One request over the bound is told to come back; when one has left there is room again."""

    async def session(desk: Desk, service: ScriptedService) -> None:
        running, waiting = (desk.submit(request("hold"), CancelToken()) for _ in range(2))
        await service.holding.wait()
        with pytest.raises(ApiError) as caught:
            desk.submit(request("x"), CancelToken())
        assert (caught.value.status, caught.value.retry_after) == (429, 1)
        desk.drop(waiting)
        await asyncio.wait([waiting])
        last = desk.submit(request("x"), CancelToken())
        desk.drop(running)
        assert (await last).text == "done"

    service = with_desk(2, session)
    assert [asked.document.text for asked in service.asked] == ["hold", "x"]
    assert service.fired == 1


def test_dropping_twice_is_once() -> None:
    """What is dropped after its end is left alone."""

    async def session(desk: Desk, service: ScriptedService) -> None:
        flight = desk.submit(request("x"), CancelToken())
        await flight
        desk.drop(flight)
        assert flight.result().text == "done"

    with_desk(1, session)


def test_the_end() -> None:
    """Stopping cancels what runs and waits, and admits nothing more."""

    async def session(desk: Desk, service: ScriptedService) -> None:
        flights = [desk.submit(request("hold"), CancelToken()) for _ in range(3)]
        await service.holding.wait()
        desk.stop()
        assert [(await flight).reason for flight in flights] == [Reason.CANCELLED] * 3
        with pytest.raises(ApiError, match="the server is stopping"):
            desk.submit(request("x"), CancelToken())

    with_desk(3, session)


class Caller:
    """One request to the app, made by hand: the client leaves when it is told to."""

    def __init__(self, app: Starlette, word: str) -> None:
        """Prepare a completion."""
        body = json.dumps({"prompt": word, "suffix": ""}).encode()
        self._received = asyncio.Queue[dict[str, Any]]()
        self._received.put_nowait({"type": "http.request", "body": body, "more_body": False})
        self.sent: list[Any] = []
        headers = [(b"host", b"localhost"), (b"authorization", AUTHORIZED["Authorization"].encode())]
        scope = {
            "type": "http", "http_version": "1.1", "method": "POST", "path": "/v1/completions", "headers": headers,
            "query_string": b"", "root_path": "", "scheme": "http",
        }  # fmt: skip
        self.task = asyncio.ensure_future(app(scope, self._received.get, self._send))

    async def _send(self, message: Any) -> None:
        self.sent.append(message)

    def leave(self) -> None:
        """Disconnect."""
        self._received.put_nowait({"type": "http.disconnect"})

    @property
    def status(self) -> int:
        """Status of the reply."""
        return int(self.sent[0]["status"])


def with_app(most: int, session: Callable[[Starlette, ScriptedService], Awaitable[None]]) -> ScriptedService:
    """Run a session with an app whose service is loaded."""
    service = ScriptedService()
    app = create_app(lambda: service, replace(SETTINGS, most_requests=most))

    async def main() -> None:
        async with app.router.lifespan_context(app):
            await app.state.desk.loaded()
            await session(app, service)

    asyncio.run(asyncio.wait_for(main(), 30))
    return service


def test_a_client_that_disconnects_cancels() -> None:
    """The running completion's token fires, and the next request is answered."""

    async def session(app: Starlette, service: ScriptedService) -> None:
        gone, patient = Caller(app, "hold"), Caller(app, "x")
        await service.holding.wait()
        gone.leave()
        await asyncio.gather(gone.task, patient.task)
        assert patient.status == 200

    assert with_app(4, session).fired == 1


def test_a_client_that_disconnects_while_waiting() -> None:
    """It is never asked for."""

    async def session(app: Starlette, service: ScriptedService) -> None:
        running = Caller(app, "hold")
        await service.holding.wait()
        waiting = Caller(app, "never")
        waiting.leave()
        await waiting.task
        running.leave()
        await running.task

    assert [asked.document.text for asked in with_app(4, session).asked] == ["hold"]


def test_overload() -> None:
    """Of many clients at once as many are admitted as there is room; each gets exactly one reply."""

    async def session(app: Starlette, service: ScriptedService) -> None:
        running = Caller(app, "hold")
        await service.holding.wait()
        callers = [Caller(app, "x") for _ in range(20)]
        refused = callers[3:]
        await asyncio.gather(*(caller.task for caller in refused))
        running.leave()
        await asyncio.gather(*(caller.task for caller in callers))
        assert [caller.status for caller in callers] == [200] * 3 + [429] * 17
        assert (b"retry-after", b"1") in refused[0].sent[0]["headers"]
        assert {sum(m["type"] == "http.response.start" for m in caller.sent) for caller in callers} == {1}

    with_app(4, session)


def test_the_end_answers_who_waits() -> None:
    """When the server stops, the clients that are still there are told so."""

    async def session(app: Starlette, service: ScriptedService) -> None:
        caller = Caller(app, "hold")
        await service.holding.wait()
        app.state.desk.stop()
        await caller.task
        assert caller.status == 503

    with_app(4, session)


def test_warming_gives_way() -> None:
    """A cache is not warmed while somebody waits."""

    async def session(app: Starlette, service: ScriptedService) -> None:
        running = Caller(app, "hold")
        await service.holding.wait()
        body = infill.Body(input_prefix="x", input_suffix="", n_predict=0)
        await infill.warm(Request({"type": "http", "app": app}), body)
        running.leave()
        await running.task

    assert [asked.document.text for asked in with_app(4, session).asked] == ["hold"]
