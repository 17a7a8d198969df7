"""From a request of the protocol to a result, or an error, or nobody who wants either."""

from __future__ import annotations

import asyncio

from starlette.requests import Request

from completion.hosts.errors import for_users
from completion.types import CancelToken, CompletionRequest, CompletionResult, Reason
from http_api.desk import Desk
from http_api.errors import CLIENT_GONE, ApiError
from http_api.settings import ServerSettings


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


async def complete(request: Request, wanted: CompletionRequest) -> CompletionResult:
    """Complete for a client whose body has been read; if it disconnects, stop.

    Raises:
        ApiError: There is no result: 429, 500, 503, or nobody to have it.
    """
    desk = desk_of(request)
    flight = desk.submit(wanted, CancelToken())
    gone = asyncio.create_task(_disconnected(request))
    try:
        await asyncio.wait((flight, gone), return_when=asyncio.FIRST_COMPLETED)
        if not flight.done():
            raise ApiError(CLIENT_GONE, "the client has gone")
    finally:
        desk.drop(flight)
        gone.cancel()
    return _outcome(flight)


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
