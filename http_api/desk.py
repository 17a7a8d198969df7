"""Where requests come in: how many at once, and what becomes of those that nobody waits for any more."""

from __future__ import annotations

import asyncio
import logging

from completion.loading import Service, ServiceFactory, load
from completion.types import CancelToken, CompletionRequest, CompletionResult, Tell
from http_api.errors import ApiError

Flight = asyncio.Task[CompletionResult]

_log = logging.getLogger(__name__)


class Desk:
    """Loads the service and hands it requests, up to a number at once; the service decides who runs next.

    A request that is given up stops within a forward pass.
    """

    def __init__(self, factory: ServiceFactory, most: int) -> None:
        """Admit at most ``most`` requests at once."""
        self._factory = factory
        self._most = most
        self._loading: asyncio.Task[Service] | None = None
        self._service: Service | None = None
        self._closing = False
        self._flights: dict[asyncio.Future[CompletionResult], CancelToken] = {}

    def open(self) -> None:
        """Begin to load the service."""
        self._loading = asyncio.create_task(self._load())

    async def loaded(self) -> Service:
        """Wait until the service is loaded.

        Raises:
            Exception: Whatever kept it from being loaded.
        """
        assert self._loading is not None, "open first"
        return await asyncio.shield(self._loading)

    @property
    def service(self) -> Service | None:
        """The service, None until it is loaded."""
        return self._service

    @property
    def active(self) -> int:
        """Requests that are worked on."""
        return len(self._flights)

    def submit(self, request: CompletionRequest, cancel: CancelToken, tell: Tell | None = None) -> Flight:
        """Admit a request; ``tell`` is told its text while it is written.

        Raises:
            ApiError: The model is loading (503), the server stops (503), or there are too many (429).
        """
        service = self._open()
        if len(self._flights) >= self._most:
            raise ApiError(429, f"{self._most} requests are waiting already; try again", retry_after=1)
        flight = asyncio.create_task(service.complete(request, cancel, tell))
        self._flights[flight] = cancel
        flight.add_done_callback(self._land)
        return flight

    def drop(self, flight: asyncio.Future[CompletionResult]) -> None:
        """Give a request up, unless it has ended."""
        if (cancel := self._flights.get(flight)) is not None:
            cancel.cancel()

    def warm(self, request: CompletionRequest) -> None:
        """Have a prompt read when nothing else is to be done; returns at once.

        Raises:
            ApiError: The model is loading (503), or the server stops (503).
        """
        self._open().warm(request)

    def stop(self) -> None:
        """Admit nothing more, and end what is there."""
        self._closing = True
        for cancel in self._flights.values():
            cancel.cancel()

    async def close(self) -> None:
        """Stop, and let the service go."""
        self.stop()
        await asyncio.gather(*self._flights, return_exceptions=True)
        if self._service is not None:
            await asyncio.to_thread(self._service.close)

    async def _load(self) -> Service:
        self._service = await load(self._factory)
        return self._service

    def _open(self) -> Service:
        """Return the service, if requests are admitted now."""
        if self._closing:
            raise ApiError(503, "the server is stopping", retry_after=5)
        if self._service is None:
            raise ApiError(503, "the model is loading", retry_after=1)
        return self._service

    def _land(self, flight: Flight) -> None:
        del self._flights[flight]
        # Looked at here, so that asyncio does not log it where nobody waits any more.
        if not flight.cancelled() and (error := flight.exception()) is not None:
            _log.error("internal error, %s, in a completion", type(error).__name__)
