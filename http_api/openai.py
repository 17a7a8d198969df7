"""OpenAI's completions: ``POST /v1/completions`` with ``prompt`` and ``suffix``, ``GET /v1/models``.

Differences, all of them told in docs/http.md: temperature is 0 unless asked for, equal requests
have equal answers, no alternative comes twice (there may be fewer than ``n``), and a prompt
without suffix is either in a known fill-in-the-middle format, which is taken apart
(``templates``), or refused: the service lays prompts out itself.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from completion.types import MOST_TOKENS, Candidate, CompletionRequest, CompletionResult, Limits, Sampling, Trigger
from http_api.ask import complete, desk_of, settings_of
from http_api.bodies import Candidates, Seed, Share, Stops, Temperature, Text, check, refuse
from http_api.cuts import Cuts
from http_api.events import rest_of, stream
from http_api.settings import ServerSettings
from http_api.templates import taken_apart
from http_api.unnamed import unnamed

# What would change the answer and is not served; the values that ask for nothing are let through.
UNSERVED: dict[str, tuple[object, ...]] = {
    "logprobs": (None, 0),
    "echo": (None, False),
    "best_of": (None, 1),
    "frequency_penalty": (None, 0),
    "presence_penalty": (None, 0),
    "logit_bias": (None, {}),
}


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


class StreamOptions(BaseModel):
    """How to stream."""

    include_usage: bool | None = None


class Body(BaseModel):
    """What a client sends; fields beside these change nothing."""

    prompt: Text
    suffix: Text | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    temperature: Temperature | None = None
    top_p: Share | None = None
    n: Candidates | None = None
    stop: Annotated[Stops, BeforeValidator(_as_list)] | None = None
    seed: Seed | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None


async def completions(request: Request, value: dict[str, Any]) -> Response:
    """Complete between ``prompt`` and ``suffix``."""
    for field, neutral in UNSERVED.items():
        if value.get(field) not in neutral:
            raise refuse(field, "is not served; leave it out")
    body = check(Body, value)
    code = taken_apart(body.prompt) if body.suffix is None else (body.prompt, body.suffix)
    if code is None:
        raise refuse("suffix", 'is missing: raw prompts are not served; send the code behind the cursor, "" for none')
    asked, cuts = wanted(body, code, settings_of(request)), Cuts(body.stop or ())
    if body.stream:
        with_usage = bool(body.stream_options and body.stream_options.include_usage)
        return await stream(request, asked, Frames(head(served(request)), cuts, with_usage), done="[DONE]")
    result = await complete(request, asked)
    choices = [choice(i, candidate, cuts) for i, candidate in enumerate(result.candidates)]
    return JSONResponse({**head(result.model), "choices": choices, "usage": usage(result), "verifill": history(result)})


async def models(request: Request) -> Response:
    """List the one model; none while it loads."""
    data = [served(request)] if desk_of(request).service is not None else []
    cards = [{"id": name, "object": "model", "created": 0, "owned_by": "verifill"} for name in data]
    return JSONResponse({"object": "list", "data": cards})


def served(request: Request) -> str:
    """Return the model's name; "" while it loads."""
    service = desk_of(request).service
    return "" if service is None else service.model


def wanted(body: Body, code: tuple[str, str], settings: ServerSettings) -> CompletionRequest:
    """Return what the service is asked: to write between the two halves of ``code``."""
    before, behind = code
    return CompletionRequest(
        document=unnamed(before + behind, settings),
        offset=len(before),
        workspace=settings.workspace,
        trigger=Trigger.PROGRAM,
        environment=settings.environment,
        trusted=settings.trusts(settings.workspace),
        candidates=body.n or 1,
        limits=Limits(max_tokens=min(body.max_tokens or Limits.max_tokens, MOST_TOKENS)),
        sampling=Sampling(
            temperature=body.temperature or 0.0,
            top_p=1.0 if body.top_p is None else body.top_p,
            seed=body.seed or 0,
        ),
    )


def head(model: str) -> dict[str, Any]:
    """Return what every object of an answer begins with."""
    return {
        "id": f"cmpl-{uuid.uuid4().hex}",
        "object": "text_completion",
        "created": int(time.time()),
        "model": model,
    }


def choice(index: int, candidate: Candidate, cuts: Cuts) -> dict[str, Any]:
    """Return one alternative, cut at the client's stop strings."""
    text = cuts.shown(candidate.text)
    length = candidate.finish_reason == "length" and text == candidate.text
    return {"index": index, "text": text, "logprobs": None, "finish_reason": "length" if length else "stop"}


@dataclass(frozen=True)
class Frames:
    """The events of a stream: pieces of the text, each alternative's end, and the usage if it is asked for.

    Attributes:
        head: What they begin with.
        cuts: The client's stop strings.
        with_usage: Whether it is asked for.
    """

    head: dict[str, Any]
    cuts: Cuts
    with_usage: bool

    def sure(self, text: str) -> str:
        """Return what comes before any stop string."""
        return self.cuts.sure(text)

    def piece(self, text: str) -> dict[str, Any]:
        """Return an event with a piece of the first alternative."""
        return self._event({"index": 0, "text": text, "logprobs": None, "finish_reason": None})

    def last(self, result: CompletionResult, told: str) -> Iterator[dict[str, Any]]:
        """Return the rest: of the first alternative, the others, and the usage, if that is asked for."""
        for index, candidate in enumerate(result.candidates):
            whole = choice(index, candidate, self.cuts)
            rest = rest_of(whole["text"], "" if index else told)
            if rest or index or not told:
                yield self._event({**whole, "text": rest, "finish_reason": None})
            yield self._event({**whole, "text": ""})
        if self.with_usage:
            yield {**self.head, "choices": [], "usage": usage(result)}

    def _event(self, part: dict[str, Any]) -> dict[str, Any]:
        return {**self.head, "choices": [part], **({"usage": None} if self.with_usage else {})}


def usage(result: CompletionResult) -> dict[str, int]:
    """Return how many tokens were read and written, those cut off again included; none where no work was done."""
    prompt, new = result.counters.get("prompt_tokens", 0), result.counters.get("new_tokens", 0)
    return {"prompt_tokens": prompt, "completion_tokens": new, "total_tokens": prompt + new}


def history(result: CompletionResult) -> dict[str, str | None]:
    """Return what no other server tells: why there is no text, and what was checked."""
    reason = None if result.reason is None else result.reason.value
    return {"reason": reason, "certificate": result.certificate}
