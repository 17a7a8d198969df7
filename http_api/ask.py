"""From a request of the protocol to a result, or an error, or nobody who wants either."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from types import TracebackType

from starlette.requests import Request

from completion.hosts.errors import for_users
from completion.privacy import EXCLUDED, no_suggestions
from completion.types import CancelToken, CompletionRequest, CompletionResult, Reason
from http_api.desk import Desk
from http_api.errors import CLIENT_GONE, ApiError
from http_api.settings import ServerSettings
from http_api.statistics import Statistics


def desk_of(request: Request) -> Desk:
    """Return the app's desk."""
    desk = request.app.state.desk
    assert isinstance(desk, Desk)
    return desk


def settings_of(request: Request) -> ServerSettings:
    """Return the app's settings."""
    settings = request.app.state.settings
    assert isinstance(settings, ServerSettings)
    return settings


def statistics_of(request: Request) -> Statistics:
    """Return the app's counts."""
    statistics = request.app.state.statistics
    assert isinstance(statistics, Statistics)
    return statistics


async def complete(request: Request, wanted: CompletionRequest) -> CompletionResult:
    """Complete for a client whose body has been read; if it disconnects, stop.

    In an excluded file nothing is completed, and nobody is asked.

    Raises:
        ApiError: There is no result: 429, 500, 503, or nobody to have it.
    """
    async with Writing(request, wanted) as writing:
        return await writing.result()


class Writing:
    """A completion for a client whose body has been read: begun on entry, given up on exit and when the client leaves.

    In an excluded file nothing is completed, and nobody is asked.
    """

    def __init__(self, request: Request, wanted: CompletionRequest, told: bool = False) -> None:
        """Prepare to complete; if ``told``, the text is told while it is written."""
        self._request = request
        self._wanted = wanted
        self._told = told
        self._loop = asyncio.get_running_loop()
        self._began = time.perf_counter()
        self._text = ""
        self._news = asyncio.Event()

    async def __aenter__(self) -> Writing:
        """Begin.

        Raises:
            ApiError: The desk refuses it: 429, 503.
        """
        self._flight = self._begin()
        self._gone = asyncio.create_task(_disconnected(self._request))
        for end in (self._flight, self._gone):
            end.add_done_callback(lambda _: self._news.set())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give up what is not finished."""
        desk_of(self._request).drop(self._flight)
        self._gone.cancel()

    async def texts(self) -> AsyncIterator[str]:
        """Yield the text so far each time that more of it is sure, until it is finished or nobody wants it."""
        told = ""
        while not self._flight.done() and not self._gone.done():
            await self._news.wait()
            self._news.clear()
            if len(self._text) > len(told):
                told = self._text
                yield told

    async def result(self) -> CompletionResult:
        """Wait for the result, and count it.

        Raises:
            ApiError: There is none: 500, 503, or nobody to have it.
        """
        await asyncio.wait((self._flight, self._gone), return_when=asyncio.FIRST_COMPLETED)
        if not self._flight.done():
            raise ApiError(CLIENT_GONE, "the client has gone")
        result = _outcome(self._flight)
        seconds = None if result is EXCLUDED else time.perf_counter() - self._began
        statistics_of(self._request).completed(result, seconds)
        return result

    def _begin(self) -> asyncio.Future[CompletionResult]:
        settings = settings_of(self._request)
        if no_suggestions(self._wanted.document.path, settings.exclude):
            flight = self._loop.create_future()
            flight.set_result(EXCLUDED)
            return flight
        wanted = replace(self._wanted, exclude_context=settings.exclude_context)
        return desk_of(self._request).submit(wanted, CancelToken(), self._tell if self._told else None)

    def _tell(self, text: str) -> None:
        with contextlib.suppress(RuntimeError):  # the server has ended meanwhile, and the loop with it
            self._loop.call_soon_threadsafe(self._hear, text)

    def _hear(self, text: str) -> None:
        # A text that is begun anew (after memory ran out) has nothing to say until it is longer.
        if len(text) > len(self._text):
            self._text = text
            self._news.set()


def _outcome(flight: asyncio.Future[CompletionResult]) -> CompletionResult:
    if (error := flight.exception()) is not None:
        cause = for_users(error) or f"internal error, {type(error).__name__}"
        raise ApiError(500, f"{cause}; nothing was completed") from error
    result = flight.result()
    if result.reason is Reason.CANCELLED:
        raise ApiError(503, "the server is stopping", retry_after=5)
    return result


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
