"""Where requests wait for the one model."""

from __future__ import annotations

import asyncio
import logging

from completion.loading import Service, ServiceFactory, load
from completion.types import CancelToken, CompletionRequest, CompletionResult
from http_api.errors import ApiError

Flight = asyncio.Task[CompletionResult]

_log = logging.getLogger(__name__)


class Desk:
    """Loads the service, and gives it one request after the other, first come first served.

    A request that is given up while it waits leaves at once; one that runs stops within a
    forward pass, and the next begins after it.
    """

    def __init__(self, factory: ServiceFactory, most: int) -> None:
        """Admit at most ``most`` requests at once."""
        self._factory = factory
        self._most = most
        self._loading: asyncio.Task[Service] | None = None
        self._service: Service | None = None
        self._closing = False
        self._turn = asyncio.Lock()
        self._running: Flight | None = None
        self._flights: dict[Flight, CancelToken] = {}

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
    def busy(self) -> bool:
        """Whether a request runs or waits."""
        return bool(self._flights)

    def submit(self, request: CompletionRequest, cancel: CancelToken) -> Flight:
        """Queue a request.

        Raises:
            ApiError: The model is loading (503), the server stops (503), or the queue is full (429).
        """
        if self._closing:
            raise ApiError(503, "the server is stopping", retry_after=5)
        if self._service is None:
            raise ApiError(503, "the model is loading", retry_after=1)
        if len(self._flights) >= self._most:
            raise ApiError(429, f"{self._most} requests are waiting already; try again", retry_after=1)
        flight = asyncio.create_task(self._work(self._service, request, cancel))
        self._flights[flight] = cancel
        flight.add_done_callback(self._land)
        return flight

    def drop(self, flight: Flight) -> None:
        """Give a request up."""
        if (cancel := self._flights.get(flight)) is None:
            return
        cancel.cancel()
        if flight is not self._running:
            flight.cancel()

    def stop(self) -> None:
        """Admit nothing more, and end what runs and waits."""
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

    async def _work(self, service: Service, request: CompletionRequest, cancel: CancelToken) -> CompletionResult:
        async with self._turn:
            self._running = asyncio.current_task()
            try:
                return await service.complete(request, cancel)
            finally:
                self._running = None

    def _land(self, flight: Flight) -> None:
        del self._flights[flight]
        # Looked at here, so that asyncio does not log it where nobody waits any more.
        if not flight.cancelled() and (error := flight.exception()) is not None:
            _log.error("internal error, %s, in a completion", type(error).__name__)
