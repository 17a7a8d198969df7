"""llama.cpp's ``POST /infill``, for llama.vim, llama.vscode and their kin.

llama.vim drops a reply unless it has ``"content":"`` without a blank, so the JSON is compact.
Time limits for prompts and sampler chains are not used.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Any

from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from completion.types import (
    MOST_TOKENS,
    Candidate,
    CompletionRequest,
    CompletionResult,
    Limits,
    Sampling,
    Snippet,
    Trigger,
)
from http_api.ask import complete, desk_of, settings_of
from http_api.bodies import MOST_SNIPPETS, Candidates, Share, Stops, Temperature, Text, check
from http_api.cuts import Cuts
from http_api.events import rest_of, stream
from http_api.openai import history
from http_api.settings import ServerSettings
from http_api.unnamed import unnamed

MOST_TOP_K = 256


class Extra(BaseModel):
    """A part of another file."""

    filename: Annotated[str, Field(max_length=4096)] = ""
    text: Text


class Body(BaseModel):
    """What a client sends; fields beside these change nothing.

    ``n_predict`` below zero means "as many as usual", ``seed`` below zero "any", ``top_k`` of zero or
    below "all", and ``t_max_predict_ms`` of zero or below "however long", as in llama.cpp.
    """

    input_prefix: Text
    input_suffix: Text
    input_extra: Annotated[list[Extra], Field(max_length=MOST_SNIPPETS)] = []
    prompt: Text = ""
    n_predict: int = -1
    t_max_predict_ms: Annotated[float, Field(allow_inf_nan=False)] = 0.0
    n_indent: Annotated[int, Field(ge=0)] = 0
    n_cmpl: Candidates = 1
    temperature: Temperature = 0.0
    top_k: int = 0
    top_p: Share = 1.0
    min_p: Share = 0.0
    seed: Annotated[int, Field(lt=2**63)] = -1
    stop: Stops = []
    stream: bool = False
    response_fields: list[str] | None = None


async def infill(request: Request, value: dict[str, Any]) -> Response:
    """Complete between prefix and suffix; ``prompt`` is the cursor's line up to the cursor."""
    body = check(Body, value)
    if body.n_predict == 0:
        warm(request, body)
        return JSONResponse({"content": "", "stop": True})
    asked, cuts = wanted(body, settings_of(request)), Cuts(body.stop, body.n_indent)
    if body.stream:
        return await stream(request, asked, Frames(cuts))
    result = await complete(request, asked)
    answers = [answer(i, candidate, cuts, result) for i, candidate in enumerate(result.candidates)]
    if body.response_fields:
        answers = [chosen(whole, body.response_fields) for whole in answers]
    return JSONResponse(answers if body.n_cmpl > 1 else answers[0])


async def props(request: Request) -> Response:
    """Describe the server as llama.cpp does, as far as it is alike."""
    service, settings = desk_of(request).service, settings_of(request)
    context = 0 if service is None else service.context
    return JSONResponse({
        "default_generation_settings": {
            "n_ctx": context,
            "params": {"n_predict": Limits.max_tokens, "temperature": 0.0},
        },
        "total_slots": settings.most_requests,
        "model_path": "" if service is None else service.model,
        "model_alias": None if service is None else service.model,
        "modalities": {"vision": False, "audio": False},
        "build_info": f"verifill {settings.version}",
    })  # fmt: skip


def warm(request: Request, body: Body) -> None:
    """Have the prompt read, so that the next request finds it in the cache.

    Clients warm with other files' text alone, too, which would drive the document out.
    """
    if body.input_prefix or body.prompt or body.input_suffix:
        likely = wanted(body.model_copy(update={"n_predict": -1}), settings_of(request))
        desk_of(request).warm(replace(likely, trigger=Trigger.WARM_UP))


def wanted(body: Body, settings: ServerSettings) -> CompletionRequest:
    """Return what the service is asked."""
    before = body.input_prefix + body.prompt
    most = Limits.max_tokens if body.n_predict < 0 else min(body.n_predict, MOST_TOKENS)
    return CompletionRequest(
        document=unnamed(before + body.input_suffix, settings),
        offset=len(before),
        workspace=settings.workspace,
        trigger=Trigger.PROGRAM,
        environment=settings.environment,
        trusted=settings.trusts(settings.workspace),
        facts="live",
        context=tuple(Snippet(extra.filename, extra.text) for extra in body.input_extra),
        candidates=body.n_cmpl,
        limits=Limits(max_tokens=most, max_ms=body.t_max_predict_ms if body.t_max_predict_ms > 0 else None),
        sampling=Sampling(
            temperature=body.temperature,
            top_k=min(body.top_k, MOST_TOP_K) if body.top_k > 0 else MOST_TOP_K,
            top_p=body.top_p,
            min_p=body.min_p,
            seed=max(0, body.seed),
        ),
    )


def answer(index: int, candidate: Candidate, cuts: Cuts, result: CompletionResult) -> dict[str, Any]:
    """Return one alternative as llama.cpp would."""
    text = cuts.shown(candidate.text)
    limit = candidate.finish_reason == "length" and text == candidate.text
    counted, times = result.counters, result.timings_ms  # empty where no work was done
    return {
        "index": index,
        "content": text,
        "stop": True,
        "stop_type": "limit" if limit else "eos" if text == candidate.text else "word",
        "model": result.model,
        "tokens_predicted": counted.get("new_tokens", 0),
        "tokens_evaluated": counted.get("prompt_tokens", 0),
        "tokens_cached": counted.get("reused_tokens", 0),
        "truncated": any(counted.get("unseen", {}).values()),
        "timings": {
            **speed("prompt", counted.get("prefilled_tokens", 0), times.get("prefill", 0.0)),
            **speed("predicted", counted.get("new_tokens", 0), times.get("decode", 0.0)),
        },
        "verifill": history(result),
    }


def speed(phase: str, tokens: int, milliseconds: float) -> dict[str, float]:
    """Return tokens, time and tokens a second under llama.cpp's names."""
    per_second = round(1000 * tokens / milliseconds, 2) if milliseconds else 0.0
    return {f"{phase}_n": tokens, f"{phase}_ms": milliseconds, f"{phase}_per_second": per_second}


@dataclass(frozen=True)
class Frames:
    """The events of a stream: pieces of the text, and for each alternative one with everything else.

    Attributes:
        cuts: Ends that the client asks for.
    """

    cuts: Cuts

    def sure(self, text: str) -> str:
        """Return what comes before any end."""
        return self.cuts.sure(text)

    def piece(self, text: str, index: int = 0) -> dict[str, Any]:
        """Return an event with a piece of an alternative."""
        return {"index": index, "content": text, "stop": False}

    def last(self, result: CompletionResult, told: str) -> Iterator[dict[str, Any]]:
        """Return the rest of each alternative, and everything else."""
        for index, candidate in enumerate(result.candidates):
            whole = answer(index, candidate, self.cuts, result)
            rest = rest_of(whole["content"], "" if index else told)
            if rest or index or not told:
                yield self.piece(rest, index)
            yield {**whole, "content": ""}


def chosen(whole: dict[str, Any], fields: list[str]) -> dict[str, Any]:
    """Return some fields, flat; ``timings/prompt_n`` is a field of a field.  Unknown ones are left out."""
    flat = {}
    for field in fields:
        value: Any = whole
        for part in field.split("/"):
            value = value.get(part) if isinstance(value, dict) else None
        if value is not None:
            flat[field] = value
    return flat
