"""Requests of the server to the client, in process: the router between a coroutine and a client's frames."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from lsp_server import protocol
from lsp_server.front import Front
from lsp_server.settings import ServerSettings

Body = Callable[["Wire"], Awaitable[None]]


class Wire:
    """A front without methods, and what it writes."""

    def __init__(self) -> None:
        def no_service() -> Any:
            raise AssertionError("nothing is loaded here")

        self.front = Front(no_service, ServerSettings())
        self.front.protocol.set_writer(self)
        self.sent: list[dict[str, Any]] = []
        self.say({"id": 1, "method": "initialize", "params": {"capabilities": {}}})
        self.sent.clear()

    def write(self, data: bytes) -> None:
        self.sent.append(json.loads(data.partition(b"\r\n\r\n")[2]))

    def close(self) -> None:
        """Nothing to close."""

    def say(self, message: dict[str, Any]) -> None:
        self.front.protocol.receive(json.dumps({"jsonrpc": "2.0", **message}).encode())

    async def asked(self) -> tuple[asyncio.Task[Any], str]:
        """Ask for a setting; return who waits, and the request's id."""
        item = types.ConfigurationItem(section="verifill")
        task = asyncio.create_task(self.front.workspace_configuration_async(types.ConfigurationParams([item])))
        await asyncio.sleep(0)
        assert self.sent[-1]["method"] == "workspace/configuration"
        return task, self.sent[-1]["id"]


def run(body: Body) -> None:
    async def main() -> None:
        await body(Wire())

    asyncio.run(main())


def test_a_response_settles_its_request() -> None:
    """In any order; the ids differ."""

    async def body(wire: Wire) -> None:
        (first, one), (second, two) = await wire.asked(), await wire.asked()
        wire.say({"id": two, "result": [{"python": "b"}]})
        wire.say({"id": one, "result": [{"python": "a"}]})
        assert [*await first, *await second] == [{"python": "a"}, {"python": "b"}]

    run(body)


@pytest.mark.parametrize("error", [{"code": -32601, "message": "no such method"}, None, {"code": "x"}])
def test_an_error_response_is_raised(error: Any) -> None:
    """Also one that is none."""

    async def body(wire: Wire) -> None:
        task, number = await wire.asked()
        wire.say({"id": number, "error": error})
        with pytest.raises(JsonRpcException):
            await task

    run(body)


def test_a_client_that_never_answers_is_waited_for_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """TimeoutError names the method; the answer that comes after all is dropped."""
    monkeypatch.setattr(protocol, "PATIENCE_S", 0.01)

    async def body(wire: Wire) -> None:
        task, number = await wire.asked()
        with pytest.raises(TimeoutError, match="the client does not answer workspace/configuration"):
            await task
        wire.say({"id": number, "result": [None]})
        again, number = await wire.asked()
        wire.say({"id": number, "result": [None]})
        assert [*await again] == [None]

    run(body)


def test_a_response_never_settles_a_request_of_the_clients() -> None:
    """Each side counts its ids for itself."""

    async def body(wire: Wire) -> None:
        async def waits(params: Any) -> str:
            await asyncio.sleep(0.01)
            return "mine"

        wire.front.feature("verifill/test")(waits)
        wire.say({"id": 7, "method": "verifill/test", "params": {}})
        wire.say({"id": 7, "result": "yours"})
        wire.say({"id": [], "result": None})
        await asyncio.sleep(0.05)
        assert [(reply["id"], reply["result"]) for reply in wire.sent] == [(7, "mine")]

    run(body)


def test_who_waits_for_a_client_that_leaves_is_cancelled() -> None:
    """No task hangs on."""

    async def body(wire: Wire) -> None:
        task, _ = await wire.asked()
        await wire.front.close()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(body)
