"""Many requests at once: bounds, clients that leave, and the end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from starlette.applications import Starlette

from completion.types import CancelToken, CompletionRequest, Document, Reason, Trigger
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


def test_no_request_waits_here_for_another() -> None:
    """All that are admitted are handed to the service in their order; who runs first is its own affair."""

    async def session(desk: Desk, service: ScriptedService) -> None:
        held, *others = (desk.submit(request(word), CancelToken()) for word in ("hold", "a", "b"))
        assert [(await flight).text for flight in others] == ["done"] * 2
        assert not held.done()
        desk.drop(held)
        assert (await held).reason is Reason.CANCELLED

    assert [asked.document.text for asked in with_desk(3, session).asked] == ["hold", "a", "b"]


def test_one_too_many_is_refused() -> None:
    """It is told to come back; when one has left there is room again."""

    async def session(desk: Desk, service: ScriptedService) -> None:
        first, second = (desk.submit(request("hold"), CancelToken()) for _ in range(2))
        with pytest.raises(ApiError) as caught:
            desk.submit(request("x"), CancelToken())
        assert (caught.value.status, caught.value.retry_after) == (429, 1)
        desk.drop(second)
        await second
        assert (await desk.submit(request("x"), CancelToken())).text == "done"
        assert not first.done()

    service = with_desk(2, session)
    assert [asked.document.text for asked in service.asked] == ["hold", "hold", "x"]
    assert service.fired == 2


def test_warming_takes_nobodys_place() -> None:
    """A prompt is read also when there is no room for another request."""

    async def session(desk: Desk, service: ScriptedService) -> None:
        desk.submit(request("hold"), CancelToken())
        desk.warm(request("likely"))
        desk.stop()
        with pytest.raises(ApiError, match="the server is stopping"):
            desk.warm(request("too late"))

    assert [warmed.document.text for warmed in with_desk(1, session).warmed] == ["likely"]


def test_dropping_twice_is_once() -> None:
    """What is dropped after its end is left alone."""

    async def session(desk: Desk, service: ScriptedService) -> None:
        flight = desk.submit(request("x"), CancelToken())
        await flight
        desk.drop(flight)
        assert flight.result().text == "done"

    with_desk(1, session)


def test_the_end() -> None:
    """Stopping cancels what is there, and admits nothing more."""

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

    def __init__(self, app: Starlette, word: str, stream: bool = False) -> None:
        """Prepare a completion."""
        body = json.dumps({"prompt": word, "suffix": "", "stream": stream}).encode()
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

    async def reads(self, count: int) -> list[dict[str, Any]]:
        """Wait for a number of events, and return them."""
        while len(self.events) < count:
            await asyncio.sleep(0)
        return self.events

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events sent so far."""
        bodies = b"".join(message.get("body", b"") for message in self.sent).decode().split("\n\n")
        return [json.loads(event.removeprefix("data: ")) for event in bodies if event and "[DONE]" not in event]

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
    """Its completion's token fires, and no other one's."""

    async def session(app: Starlette, service: ScriptedService) -> None:
        gone, patient = Caller(app, "hold"), Caller(app, "hold")
        await service.holding.wait()
        gone.leave()
        await gone.task
        assert not patient.task.done()
        while not service.fired:
            await asyncio.sleep(0)
        assert service.fired == 1
        patient.leave()
        await patient.task

    assert with_app(4, session).fired == 2


def test_overload() -> None:
    """Of many clients at once as many are admitted as there is room; each gets exactly one reply."""

    async def session(app: Starlette, service: ScriptedService) -> None:
        callers = [Caller(app, "hold") for _ in range(20)]
        admitted, refused = callers[:4], callers[4:]
        await asyncio.gather(*(caller.task for caller in refused))
        app.state.desk.stop()
        await asyncio.gather(*(caller.task for caller in admitted))
        assert [caller.status for caller in callers] == [503] * 4 + [429] * 16
        assert (b"retry-after", b"1") in refused[0].sent[0]["headers"]
        assert {sum(m["type"] == "http.response.start" for m in caller.sent) for caller in callers} == {1}
        assert [asked.trigger for asked in service.asked] == [Trigger.PROGRAM] * 4

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


def test_a_piece_is_there_while_the_rest_is_written() -> None:
    """A client that disconnects then cancels, and is sent nothing more."""

    async def session(app: Starlette, service: ScriptedService) -> None:
        service.script = ["first", "first\nsecond", "hold", ""]
        caller = Caller(app, "x", stream=True)
        events = await caller.reads(2)
        assert [event["choices"][0]["text"] for event in events] == ["first", "\nsecond"]
        assert (caller.status, caller.task.done(), service.fired) == (200, False, 0)
        caller.leave()
        await caller.task
        while not service.fired:
            await asyncio.sleep(0)
        assert len(caller.events) == 2

    assert with_app(4, session).fired == 1


def test_the_end_ends_streams() -> None:
    """A stream that has begun ends with the error that an answer would have been."""

    async def session(app: Starlette, service: ScriptedService) -> None:
        service.script = ["first", "hold", ""]
        caller = Caller(app, "x", stream=True)
        await caller.reads(1)
        app.state.desk.stop()
        await caller.task
        assert caller.events[1]["error"]["message"] == "the server is stopping"
        assert caller.sent[-1]["more_body"] is False

    with_app(4, session)
