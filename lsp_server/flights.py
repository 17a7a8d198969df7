"""Requests that the completion service is working on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from completion.types import CancelToken, Reason

Result = TypeVar("Result")
Ask = Callable[[CancelToken], Coroutine[Any, Any, Result | Reason]]


@dataclass(eq=False)
class _Flight(Generic[Result]):
    """One request to the service: what it is, and the outcome that whoever is first decides."""

    document: str
    key: Hashable
    token: CancelToken
    outcome: asyncio.Future[Result | Reason]
    waiting: int = 0

    def settle(self, outcome: Result | Reason) -> None:
        if not self.outcome.done():
            self.outcome.set_result(outcome)

    def end(self, reason: Reason) -> None:
        self.settle(reason)
        self.token.cancel()

    async def work(self, ask: Ask[Result]) -> None:
        try:
            self.settle(await ask(self.token))
        except Exception as error:  # noqa: BLE001 -- a task's border: the waiting handlers raise it
            if not self.outcome.done():
                self.outcome.set_exception(error)


class Flights(Generic[Result]):
    """At most one request per document is wanted: a newer one supersedes the older, or joins it if it is the same.

    Beside these there is at most one that nobody waits for yet, begun ahead; the next request joins or ends it.

    The service is never interrupted by asyncio.  It learns through the token that nobody waits
    any more, and may finish what it is doing; the wait itself ends at once.
    """

    def __init__(self) -> None:
        """Start with none."""
        self._newest: dict[str, _Flight[Result]] = {}
        self._ahead: _Flight[Result] | None = None
        self._work: set[asyncio.Task[None]] = set()

    async def run(self, document: str, key: Hashable, ask: Ask[Result]) -> tuple[Result | Reason, bool]:
        """Ask the service, unless it is at it already; return its result or ``Reason.SUPERSEDED``, and whether it was.

        Args:
            document: Where.
            key: Equal keys stand for equal requests.
            ask: Does it.

        Raises:
            asyncio.CancelledError: The client gave the request up.
            Exception: Whatever the service raised.
        """
        flight = self._flying(document, key)
        joined = flight is not None
        if flight is None:
            self.end(document)
            flight = self._begin(document, key, ask)
        elif flight is self._ahead:  # from now on it is wanted like any other
            self._ahead = None
            self.supersede(document)
        self._newest[document] = flight
        flight.waiting += 1
        try:
            return await asyncio.shield(flight.outcome), joined
        finally:
            flight.waiting -= 1
            if not flight.waiting:
                flight.token.cancel()
                if self._newest.get(document) is flight:
                    del self._newest[document]

    def run_ahead(self, document: str, key: Hashable, ask: Ask[Result]) -> bool:
        """Ask the service while nobody waits for anything; False, and nothing done, if somebody does."""
        if self._newest:
            return False
        self._end_ahead()
        self._ahead = self._begin(document, key, ask)
        return True

    def supersede(self, document: str) -> None:
        """End the wait for a document's request, if there is one: a newer one was answered without the service."""
        if flight := self._newest.pop(document, None):
            flight.end(Reason.SUPERSEDED)

    def end_all(self, reason: Reason) -> None:
        """End all work, for this reason."""
        for flight in self._newest.values():
            flight.end(reason)
        self._newest.clear()
        self._end_ahead()

    def end(self, document: str) -> None:
        """End all work for a document, and what was begun ahead in any."""
        self.supersede(document)
        self._end_ahead()

    def _flying(self, document: str, key: Hashable) -> _Flight[Result] | None:
        """Return the flight that a request can join."""
        for flight in (self._newest.get(document), self._ahead):
            if flight is not None and (flight.document, flight.key) == (document, key) and not flight.outcome.done():
                return flight
        return None

    def _begin(self, document: str, key: Hashable, ask: Ask[Result]) -> _Flight[Result]:
        flight = _Flight[Result](document, key, CancelToken(), asyncio.get_running_loop().create_future())
        flight.outcome.add_done_callback(_seen)
        # asyncio itself holds tasks weakly.
        task = asyncio.create_task(flight.work(ask))
        self._work.add(task)
        task.add_done_callback(self._work.discard)
        return flight

    def _end_ahead(self) -> None:
        if self._ahead is not None:
            self._ahead.end(Reason.SUPERSEDED)
            self._ahead = None


def _seen(outcome: asyncio.Future[Any]) -> None:
    """Take note of an error: nobody may be there to raise it in."""
    if not outcome.cancelled():
        outcome.exception()
