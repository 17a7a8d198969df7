"""Tabby's completions, for its editor extensions: ``POST /v1/completions`` with ``segments``, and what goes with it."""

from __future__ import annotations

import os
import platform
import uuid
from typing import Annotated, Any

from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from completion import types
from completion.types import CompletionRequest, Document, Sampling, Trigger
from http_api.ask import complete, desk_of, settings_of, statistics_of
from http_api.bodies import MOST_SNIPPETS, Path, Seed, Temperature, Text, check, refuse
from http_api.openai import history
from http_api.settings import ServerSettings
from http_api.statistics import EVENTS


class Snippet(BaseModel):
    """A part of another file."""

    filepath: Path
    body: Text


Snippets = Annotated[list[Snippet], Field(max_length=MOST_SNIPPETS)] | None


class Segments(BaseModel):
    """The code around the cursor, and what the client has found for it elsewhere, the best first."""

    prefix: Text
    suffix: Text | None = None
    filepath: Path | None = None
    declarations: Snippets = None
    relevant_snippets_from_changed_files: Snippets = None
    relevant_snippets_from_recently_opened_files: Snippets = None

    def context(self) -> tuple[types.Snippet, ...]:
        """Return the parts of other files, the least relevant first."""
        found = (
            *(self.declarations or ()),
            *(self.relevant_snippets_from_changed_files or ()),
            *(self.relevant_snippets_from_recently_opened_files or ()),
        )
        return tuple(types.Snippet(snippet.filepath, snippet.body) for snippet in reversed(found))


class DebugOptions(BaseModel):
    """What Tabby's developers ask for."""

    raw_prompt: str | None = None


class Body(BaseModel):
    """What a client sends; fields beside these change nothing."""

    language: str | None = None
    segments: Segments | None = None
    temperature: Temperature | None = None
    seed: Seed | None = None
    debug_options: DebugOptions | None = None


class Event(BaseModel):
    """What a client tells of a completion that it has shown; the kinds that count are those of ``statistics.EVENTS``.

    Clients send more, such as the time that a completion was visible for; it is not kept.
    """

    type: Annotated[str, Field(max_length=64)]
    completion_id: Annotated[str, Field(max_length=128)]


async def completions(request: Request, value: dict[str, Any]) -> Response:
    """Complete between the segments."""
    body = check(Body, value)
    if body.debug_options and body.debug_options.raw_prompt is not None:
        raise refuse("debug_options.raw_prompt", "is not served; send segments")
    if body.segments is None:
        raise refuse("segments", "is missing; send the code around the cursor in it")
    result = await complete(request, wanted(body, body.segments, settings_of(request)))
    choices = [{"index": 0, "text": result.text}] if result.text else []
    return JSONResponse({"id": f"cmpl-{uuid.uuid4()}", "choices": choices, "verifill": history(result)})


async def health(request: Request) -> Response:
    """Describe the machine; clients take a missing ``model`` for "cannot complete (yet)"."""
    service = desk_of(request).service
    about = {
        "device": "cpu" if service is None else service.device,
        "arch": platform.machine(),
        "cpu_info": platform.processor() or platform.machine(),
        "cpu_count": os.cpu_count() or 1,
        "cuda_devices": [],
        "version": {
            "build_date": "",
            "build_timestamp": "",
            "git_sha": "",
            "git_describe": settings_of(request).version,
        },
    }
    return JSONResponse(about if service is None else {"model": service.model, **about})


async def events(request: Request, value: dict[str, Any]) -> Response:
    """Count what became of a completion; what it was is not remembered."""
    event = check(Event, value)
    if event.type in EVENTS:
        statistics_of(request).events[event.type] += 1
    return JSONResponse({})


async def models(request: Request) -> Response:
    """List the one model; none while it loads."""
    service = desk_of(request).service
    return JSONResponse({"completion": [] if service is None else [service.model], "chat": [], "embedding": []})


async def server_setting(request: Request) -> Response:
    """Tell clients to send their telemetry nowhere."""
    return JSONResponse({"disable_client_side_telemetry": True})


def wanted(body: Body, segments: Segments, settings: ServerSettings) -> CompletionRequest:
    """Return what the service is asked; the file's path is taken as relative to the workspace."""
    path = os.path.normpath(os.path.join(settings.workspace, segments.filepath or "untitled.py"))
    return CompletionRequest(
        document=Document(path, segments.prefix + (segments.suffix or ""), body.language or ""),
        offset=len(segments.prefix),
        workspace=settings.workspace,
        trigger=Trigger.PROGRAM,
        environment=settings.environment,
        trusted=settings.trusts(settings.workspace),
        facts="live",
        context=segments.context(),
        sampling=Sampling(temperature=body.temperature or 0.0, seed=body.seed or 0),
    )
