"""``GET /openapi.json``: what the server understands, made of the classes that check the bodies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from http_api import infill, native, openai, tabby
from http_api.ask import settings_of

Json = dict[str, Any]

_TEMPLATE = "#/components/schemas/{model}"
_BODIES: Mapping[type[BaseModel], str] = {
    native.Body: "Complete",
    openai.Body: "OpenAiCompletion",
    tabby.Body: "TabbyCompletion",
    tabby.Event: "TabbyEvent",
    infill.Body: "Infill",
}
_OBJECT: Json = {"application/json": {"schema": {"type": "object"}}}
_ANY: Json = {"application/json": {"schema": {}}, "text/event-stream": {"schema": {}}}

# What any path may answer beside its own, and what any path with a body may.
_EVERYWHERE = {401: "no token, or a wrong one", 403: "the Host header names another server", 500: "an internal error"}
_WITH_BODY = {
    400: "no JSON object, or a wish that is not served",
    408: "the body has not come in time",
    413: "the body is too large",
    422: "a field of the wrong type or out of its limits",
    429: "too many requests are waiting",
    503: "the model is loading, or the server is stopping",
}


async def openapi(request: Request) -> Response:
    """Return the document."""
    return JSONResponse({**_document(), "info": {"title": "Verifill", "version": settings_of(request).version}})


@cache
def _document() -> Json:
    references, definitions = models_json_schema([(body, "validation") for body in _BODIES], ref_template=_TEMPLATE)
    names = {references[body, "validation"]["$ref"].rpartition("/")[2]: name for body, name in _BODIES.items()}
    schemas = _renamed(definitions["$defs"], names)
    return {
        "openapi": "3.1.0",
        "info": {},
        "paths": _paths(),
        "security": [{"token": []}],
        "components": {"schemas": schemas, "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }


def _paths() -> Json:
    page = {"text/html": {"schema": {"type": "string"}}}
    text = {"text/plain": {"schema": {"type": "string"}}}
    return {
        "/": {"get": _operation("The dashboard", page, public=True)},
        "/health": {"get": _operation("Whether requests are answered", _OBJECT, {503: "loading"}, public=True)},
        "/metrics": {"get": _operation("Counts as Prometheus reads them", text)},
        "/openapi.json": {"get": _operation("This document", _OBJECT)},
        "/v1/stats": {"get": _operation("Counts as the dashboard reads them", _OBJECT)},
        "/v1/complete": {"post": _operation("Complete; docs/json.md has the reply", _ANY, bodies=("Complete",))},
        "/v1/completions": {
            "post": _operation(
                "Complete for OpenAI's and Tabby's clients", _ANY, bodies=("OpenAiCompletion", "TabbyCompletion")
            )
        },
        "/v1/models": {"get": _operation("The model, for OpenAI's clients", _OBJECT)},
        "/v1/health": {
            "get": _operation("The machine and the model, for Tabby's clients", _OBJECT),
            "post": _operation("The same", _OBJECT),
        },
        "/v1/events": {"post": _operation("What became of a completion, for Tabby", _OBJECT, bodies=("TabbyEvent",))},
        "/v1beta/models": {"get": _operation("The model, for Tabby's clients", _OBJECT)},
        "/v1beta/server_setting": {"get": _operation("What Tabby's clients are to do", _OBJECT)},
        "/infill": {"post": _operation("Complete for llama.cpp's clients", _ANY, bodies=("Infill",))},
        "/props": {"get": _operation("The server, for llama.cpp's clients", _OBJECT)},
    }


def _operation(
    summary: str,
    content: Json,
    others: Mapping[int, str] | None = None,
    bodies: Sequence[str] = (),
    public: bool = False,
) -> Json:
    """Return what the document says of one method of one path."""
    errors = {**_EVERYWHERE, **(_WITH_BODY if bodies else {}), **(others or {})}
    described: Json = {
        "summary": summary,
        "responses": {
            "200": {"description": "the answer", "content": content},
            **{str(status): {"description": words, "content": _OBJECT} for status, words in errors.items()},
        },
    }
    if bodies:
        shapes = [{"$ref": _TEMPLATE.format(model=body)} for body in bodies]
        schema = shapes[0] if len(shapes) == 1 else {"anyOf": shapes}
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    if public:
        described["security"] = []
    return described


def _renamed(definitions: Json, names: Mapping[str, str]) -> Json:
    """Return the definitions with other names, in references, too."""

    def walk(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: reference(item) if key == "$ref" else walk(item) for key, item in value.items()}
        return [walk(item) for item in value] if isinstance(value, list) else value

    def reference(to: str) -> str:
        name = to.rpartition("/")[2]
        return _TEMPLATE.format(model=names.get(name, name))

    return {names.get(name, name): walk(schema) for name, schema in definitions.items()}
