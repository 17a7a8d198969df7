"""Which requests reach the service, in process."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from completion.types import CancelToken, Reason
from lsp_server.flights import Flights


class Desk:
    """Flights over a service that answers when it is let."""

    def __init__(self) -> None:
        self.flights = Flights[str]()
        self.tokens: list[CancelToken] = []
        self.let = asyncio.Event()

    async def ask(self, token: CancelToken) -> str:
        self.tokens.append(token)
        await self.let.wait()
        return f"text {len(self.tokens)}"

    def request(self, key: str, document: str = "a") -> asyncio.Task[tuple[str | Reason, bool]]:
        return asyncio.create_task(self.flights.run(document, key, self.ask))


def run(body: Callable[[Desk], Awaitable[None]]) -> None:
    async def main() -> None:
        await body(Desk())

    asyncio.run(main())


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_an_equal_request_joins_the_one_in_flight() -> None:
    """One call, two answers."""

    async def body(desk: Desk) -> None:
        first, second = desk.request("k"), desk.request("k")
        await settle()
        desk.let.set()
        assert await asyncio.gather(first, second) == [("text 1", False), ("text 1", True)]
        assert len(desk.tokens) == 1

    run(body)


def test_a_cancelled_request_leaves_those_who_joined() -> None:
    """The token fires when the last one has gone."""

    async def body(desk: Desk) -> None:
        first, second = desk.request("k"), desk.request("k")
        await settle()
        first.cancel()
        await settle()
        assert not desk.tokens[0].cancelled
        second.cancel()
        await settle()
        assert desk.tokens[0].cancelled

    run(body)


def test_another_request_supersedes() -> None:
    """Everybody who waited, and what was begun ahead."""

    async def body(desk: Desk) -> None:
        first, second = desk.request("k"), desk.request("k")
        await settle()
        third = desk.request("l")
        await settle()
        assert await asyncio.gather(first, second) == [(Reason.SUPERSEDED, False), (Reason.SUPERSEDED, True)]
        desk.let.set()
        assert await third == ("text 2", False)
        assert [token.cancelled for token in desk.tokens] == [True, True]

    run(body)


def test_what_was_begun_ahead_is_joined_or_ended() -> None:
    """The same request joins, another ends it, one that is answered otherwise leaves it alone."""

    async def body(desk: Desk) -> None:
        assert desk.flights.run_ahead("a", "k", desk.ask)
        desk.flights.supersede("a")
        await settle()
        joined = desk.request("k")
        await settle()
        desk.let.set()
        assert await joined == ("text 1", True)
        desk.let.clear()
        assert desk.flights.run_ahead("a", "l", desk.ask)
        await settle()
        other = desk.request("m", document="b")
        await settle()
        assert [token.cancelled for token in desk.tokens] == [True, True, False]
        other.cancel()

    run(body)


def test_nothing_is_begun_ahead_while_somebody_waits() -> None:
    """Idle means that nobody does."""

    async def body(desk: Desk) -> None:
        waiting = desk.request("k")
        await settle()
        assert not desk.flights.run_ahead("b", "l", desk.ask)
        desk.let.set()
        await waiting
        assert desk.flights.run_ahead("b", "l", desk.ask)

    run(body)


def test_what_came_of_it_ahead_is_not_joined_afterwards() -> None:
    """A reason of then is no answer now."""

    async def body(desk: Desk) -> None:
        desk.let.set()
        assert desk.flights.run_ahead("a", "k", desk.ask)
        await settle()
        assert await desk.request("k") == ("text 2", False)

    run(body)


def test_closing_a_document_ends_all_that_is_done_for_it() -> None:
    """Whoever waits is told."""

    async def body(desk: Desk) -> None:
        waiting = desk.request("k")
        await settle()
        desk.flights.end("a")
        assert await waiting == (Reason.SUPERSEDED, False)
        assert desk.tokens[0].cancelled

    run(body)


@pytest.mark.parametrize("waiting", [True, False])
def test_an_error_reaches_everybody_who_waits(waiting: bool, caplog: pytest.LogCaptureFixture) -> None:
    """And nobody's error is lost noise on standard error."""

    async def body(desk: Desk) -> None:
        async def fails(token: CancelToken) -> str:
            raise OSError("gone")

        if waiting:
            with pytest.raises(OSError, match="gone"):
                await desk.flights.run("a", "k", fails)
        else:
            desk.flights.run_ahead("a", "k", fails)
            await settle()

    run(body)
    assert not caplog.records
