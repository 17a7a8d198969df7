"""From a request of the protocol to a result, or an error, or nobody who wants either."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

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
    settings, began = settings_of(request), time.perf_counter()
    if no_suggestions(wanted.document.path, settings.exclude):
        statistics_of(request).completed(EXCLUDED, None)
        return EXCLUDED
    desk = desk_of(request)
    flight = desk.submit(replace(wanted, exclude_context=settings.exclude_context), CancelToken())
    gone = asyncio.create_task(_disconnected(request))
    try:
        await asyncio.wait((flight, gone), return_when=asyncio.FIRST_COMPLETED)
        if not flight.done():
            raise ApiError(CLIENT_GONE, "the client has gone")
    finally:
        desk.drop(flight)
        gone.cancel()
    result = _outcome(flight)
    statistics_of(request).completed(result, time.perf_counter() - began)
    return result


def _outcome(flight: asyncio.Task[CompletionResult]) -> CompletionResult:
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
