"""Verifill's own dialect: ``POST /v1/complete``, with everything that ``verifill complete --json`` has.

The request names the file, but no file is read: the text comes along, as it is in the editor.
It cannot name an interpreter, because that would be run.
"""

from __future__ import annotations

import os
import pathlib
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from completion.context.sources import SOURCES
from completion.cursor import offset_of
from completion.filters import FILTERS
from completion.json_output import as_dict, dumps
from completion.types import (
    MOST_STRICTNESS,
    MOST_TOKENS,
    CompletionRequest,
    CompletionResult,
    Document,
    Limits,
    Sampling,
    SamplingMode,
    Snippet,
    Trigger,
)
from completion.workspace import nearest_project
from decoding.drafters.registry import BUILDERS
from http_api.ask import complete, settings_of
from http_api.bodies import MOST_SNIPPETS, Candidates, Path, Seed, Share, Temperature, Text, check
from http_api.errors import ApiError
from http_api.events import rest_of, stream
from http_api.settings import ServerSettings
from monitors.registry import NAMES

Names = Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=32)]
Position = Annotated[int, Field(ge=0)]


class Part(BaseModel):
    """A part of another file that the model may read."""

    model_config = ConfigDict(extra="forbid")

    path: Path
    text: Text


class Body(BaseModel):
    """A cursor in a text, and wishes; the defaults are the command line's.

    The cursor is ``offset``, in characters from 0, or ``line`` and ``column``, both from 1;
    without ``column`` it is the line's end.
    """

    model_config = ConfigDict(extra="forbid")

    path: Path
    text: Text
    offset: Position | None = None
    line: Position | None = None
    column: Position | None = None
    language: str = ""
    workspace: Path | None = None
    monitors: Names | None = None
    drafters: Names | None = None
    context: Annotated[list[Part], Field(max_length=MOST_SNIPPETS)] = []
    sources: Names | None = None
    filters: Names | None = None
    least_confidence: Share | None = None
    strictness: Annotated[float, Field(ge=0, le=MOST_STRICTNESS, allow_inf_nan=False)] = 1.0
    ngrams: bool = True
    facts: Literal["wait", "live", "none"] = "wait"
    candidates: Candidates = 1
    max_tokens: Annotated[int, Field(ge=1, le=MOST_TOKENS)] = Limits.max_tokens
    multiline: bool = True
    max_ms: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    temperature: Temperature = 0.0
    top_k: Annotated[int, Field(ge=1, le=256)] = 256
    top_p: Share = 1.0
    min_p: Share = 0.0
    seed: Seed = 0
    mode: SamplingMode = SamplingMode.EVIDENCE
    strength: Annotated[float, Field(ge=0, le=MOST_STRICTNESS, allow_inf_nan=False)] = 1.0
    trace: bool = False
    stream: bool = False


async def native(request: Request, value: dict[str, Any]) -> Response:
    """Complete and return the object that docs/json.md describes."""
    body = check(Body, value)
    check_names("monitors", body.monitors, NAMES)
    check_names("drafters", body.drafters, tuple(BUILDERS))
    check_names("sources", body.sources, SOURCES)
    check_names("filters", body.filters, tuple(FILTERS))
    asked = wanted(body, settings_of(request))
    if body.stream:
        return await stream(request, asked, Frames())
    return Response(dumps(await complete(request, asked)), media_type="application/json")


class Frames:
    """The events of a stream: pieces of the text, and at last the object that is the answer without a stream."""

    def sure(self, text: str) -> str:
        """Return all of it."""
        return text

    def piece(self, text: str) -> dict[str, Any]:
        """Return an event with some more text."""
        return {"piece": text}

    def last(self, result: CompletionResult, told: str) -> Iterator[dict[str, Any]]:
        """Return the rest of the text, and the object."""
        if rest := rest_of(result.text, told):
            yield self.piece(rest)
        yield as_dict(result)


def wanted(body: Body, settings: ServerSettings) -> CompletionRequest:
    """Return what the service is asked.

    Raises:
        ApiError: There is no such place in the text.
    """
    folder = os.path.normpath(os.path.join(settings.workspace, body.workspace or ""))
    path = os.path.normpath(os.path.join(folder, body.path))
    workspace = folder if body.workspace else str(nearest_project(pathlib.Path(path)))
    return CompletionRequest(
        document=Document(path, body.text, body.language),
        offset=cursor(body),
        workspace=workspace,
        trigger=Trigger.PROGRAM,
        environment=settings.environment,
        trusted=settings.trusts(workspace),
        facts=body.facts,
        monitors=None if body.monitors is None else tuple(body.monitors),
        drafters=None if body.drafters is None else tuple(body.drafters),
        context=tuple(Snippet(part.path, part.text) for part in body.context),
        sources=None if body.sources is None else tuple(body.sources),
        filters=None if body.filters is None else tuple(body.filters),
        least_confidence=body.least_confidence,
        strictness=body.strictness,
        ngrams=body.ngrams,
        candidates=body.candidates,
        limits=Limits(body.max_tokens, body.multiline, body.max_ms),
        sampling=Sampling(body.temperature, body.top_k, body.top_p, body.min_p, body.seed, body.mode, body.strength),
        trace=body.trace,
    )


def cursor(body: Body) -> int:
    """Return the cursor's offset.

    Raises:
        ApiError: It is named twice or not at all, or lies outside the text.
    """
    if (body.offset is None) == (body.line is None) or (body.line is None and body.column is not None):
        raise ApiError(422, "give the cursor as offset, or as line with or without column", "offset")
    if body.offset is not None:
        if body.offset > len(body.text):
            raise ApiError(422, f"offset {body.offset} lies outside the text of {len(body.text)} characters", "offset")
        return body.offset
    assert body.line is not None
    try:
        return offset_of(body.text, body.line, body.column, "the text")
    except ValueError as error:
        raise ApiError(422, str(error), "line") from error


def check_names(field: str, wanted: list[str] | None, known: tuple[str, ...]) -> None:
    """See that all names are known.

    Raises:
        ApiError: One is not.
    """
    for name in wanted or ():
        if name not in known:
            raise ApiError(422, f"{field}: unknown name {name!r}; known are {', '.join(known)}", field)
