"""Tabby's completions, for its editor extensions: ``POST /v1/completions`` with ``segments``, ``/v1/health``."""

from __future__ import annotations

import os
import platform
import uuid
from typing import Any

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from completion.types import CompletionRequest, Document, Sampling, Trigger
from http_api.ask import complete, desk_of, settings_of
from http_api.bodies import Path, Seed, Temperature, Text, check, refuse
from http_api.openai import history
from http_api.settings import ServerSettings


class Segments(BaseModel):
    """The code around the cursor; snippets of other files are not used yet."""

    prefix: Text
    suffix: Text | None = None
    filepath: Path | None = None


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


def wanted(body: Body, segments: Segments, settings: ServerSettings) -> CompletionRequest:
    """Return what the service is asked; the file's path is taken as relative to the workspace."""
    path = os.path.normpath(os.path.join(settings.workspace, segments.filepath or "untitled.py"))
    return CompletionRequest(
        document=Document(path, segments.prefix + (segments.suffix or ""), body.language or "python"),
        offset=len(segments.prefix),
        workspace=settings.workspace,
        trigger=Trigger.PROGRAM,
        environment=settings.environment,
        facts="live",
        sampling=Sampling(temperature=body.temperature or 0.0, seed=body.seed or 0),
    )
