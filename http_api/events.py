"""Server-sent events: a text while it is written.

Sent is what stays, whatever comes (``decoding.settled``) and will be shown (``completion.telling``): whole lines.
The pieces put together are the finished text.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from completion.types import CompletionRequest, CompletionResult
from http_api.ask import Writing
from http_api.errors import CLIENT_GONE, ApiError, body_of

Json = dict[str, Any]


class Frames(Protocol):
    """How a dialect streams."""

    def sure(self, text: str) -> str:
        """Return what the client will get of any text that begins with ``text``: it may have asked for an end."""

    def piece(self, text: str) -> Json:
        """Return the event of some more text of the first alternative."""

    def last(self, result: CompletionResult, told: str) -> Iterable[Json]:
        """Return the events of the rest, when ``told`` has been sent of the first alternative.

        Raises:
            ApiError: The result does not begin like that (``rest_of``).
        """


async def stream(request: Request, wanted: CompletionRequest, frames: Frames, done: str = "") -> Response:
    """Complete, and answer with a stream of events, ended by the literal event ``done`` if one is given.

    Raises:
        ApiError: As ``ask.complete``, before anything was sent; later it is an event.
    """
    events = _events(request, wanted, frames, done)
    first = await anext(events)
    return _Stream(_behind(first, events, request.url.path))


def rest_of(text: str, told: str) -> str:
    """Return what of a finished text has not been sent.

    Raises:
        ApiError: What was sent is not its beginning, because memory ran out meanwhile.
    """
    if not text.startswith(told):
        raise ApiError(500, "the text that was begun could not be finished; try again")
    return text[len(told) :]


class _Stream(StreamingResponse):
    """A stream whose events watch the client themselves (``Writing``)."""

    def __init__(self, events: AsyncGenerator[str]) -> None:
        super().__init__(events, media_type="text/event-stream", headers={"Cache-Control": "no-store"})
        self._events = events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with aclosing(self._events):
            await self.stream_response(send)


async def _events(request: Request, wanted: CompletionRequest, frames: Frames, done: str) -> AsyncGenerator[str]:
    told = ""
    async with Writing(request, wanted, told=True) as writing:
        async for text in writing.texts():
            sure = frames.sure(text)
            if len(sure) > len(told):
                yield _event(frames.piece(sure[len(told) :]))
                told = sure
        result = await writing.result()
    for frame in frames.last(result, told):
        yield _event(frame)
    if done:
        yield f"data: {done}\n\n"


async def _behind(first: str, events: AsyncGenerator[str], path: str) -> AsyncGenerator[str]:
    """Yield ``first`` and the other events; what goes wrong is one, too, for anybody who is still there."""
    async with aclosing(events):
        yield first
        try:
            async for event in events:
                yield event
        except ApiError as error:
            if error.status != CLIENT_GONE:
                yield _event(body_of(path, error))


def _event(frame: Json) -> str:
    return f"data: {json.dumps(frame, ensure_ascii=False, allow_nan=False, separators=(',', ':'))}\n\n"
