"""Requests that the completion service is working on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass

from completion.types import CancelToken, CompletionResult, Reason

Ask = Callable[[CancelToken], Coroutine[None, None, CompletionResult]]
Outcome = CompletionResult | Reason


@dataclass(frozen=True)
class _Flight:
    """One request: its token, and the outcome that whoever is first decides."""

    token: CancelToken
    outcome: asyncio.Future[Outcome]

    def settle(self, outcome: Outcome) -> None:
        if not self.outcome.done():
            self.outcome.set_result(outcome)

    async def work(self, ask: Ask) -> None:
        try:
            self.settle(await ask(self.token))
        except Exception as error:  # noqa: BLE001 -- a task's border: the waiting handler raises it
            if not self.outcome.done():
                self.outcome.set_exception(error)


class Flights:
    """At most one request per document is wanted: a newer one supersedes the older.

    The service is never interrupted by asyncio.  It learns through the token that nobody waits
    any more, and may finish what it is doing; the wait itself ends at once.
    """

    def __init__(self) -> None:
        """Start with none."""
        self._newest: dict[str, _Flight] = {}
        self._work: set[asyncio.Task[None]] = set()

    async def run(self, document: str, ask: Ask) -> Outcome:
        """Ask the service and return its result, or ``Reason.SUPERSEDED``.

        Raises:
            asyncio.CancelledError: The client gave the request up.
            Exception: Whatever the service raised.
        """
        self.supersede(document)
        flight = _Flight(CancelToken(), asyncio.get_running_loop().create_future())
        self._newest[document] = flight
        # asyncio itself holds tasks weakly.
        task = asyncio.create_task(flight.work(ask))
        self._work.add(task)
        task.add_done_callback(self._work.discard)
        try:
            return await flight.outcome
        finally:
            flight.token.cancel()
            if self._newest.get(document) is flight:
                del self._newest[document]

    def supersede(self, document: str) -> None:
        """End the wait for a document's request, if there is one."""
        if flight := self._newest.pop(document, None):
            flight.settle(Reason.SUPERSEDED)
            flight.token.cancel()
