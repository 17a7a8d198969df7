"""Bodies of requests: JSON in, checked values out."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated, Any, NoReturn, TypeVar

import pydantic
from pydantic import AfterValidator, Field
from starlette.requests import ClientDisconnect, Request

from completion.texts import well_formed
from completion.types import MOST_CANDIDATES, MOST_TEMPERATURE
from http_api.errors import CLIENT_GONE, ApiError

MOST_STOPS = 16
MOST_CHARACTERS = 16_000_000

BODY_S = 60.0
"""Seconds in which a body has to come."""

MOST_SNIPPETS = 256
"""Most parts of other files in one request."""


def _no_nul(path: str) -> str:
    if "\0" in path:
        raise ValueError("must not have a NUL character")
    return path


def _well_formed(value: object) -> object:
    """Return a value of JSON whose texts are all well-formed."""
    match value:
        case str():
            return well_formed(value)
        case list():
            return [_well_formed(one) for one in value]
        case dict():
            return {well_formed(name): _well_formed(one) for name, one in value.items()}
    return value


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


Temperature = Annotated[float, Field(ge=0, le=MOST_TEMPERATURE, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Candidates = Annotated[int, Field(ge=1, le=MOST_CANDIDATES)]
Seed = Annotated[int, Field(ge=0, lt=2**63)]
Path = Annotated[str, Field(min_length=1, max_length=4096), AfterValidator(_no_nul)]
Text = Annotated[str, Field(max_length=MOST_CHARACTERS)]
Stop = Annotated[str, Field(min_length=1, max_length=256)]
Stops = Annotated[list[Stop], Field(max_length=MOST_STOPS)]

Body = TypeVar("Body", bound=pydantic.BaseModel)


async def read(request: Request) -> dict[str, Any]:
    """Return the JSON object that is a request's body.

    Raises:
        ApiError: It is none (400), or does not come (408), or the client has gone.
    """
    try:
        async with asyncio.timeout(BODY_S):
            body = await request.body()
        # Unlike pydantic's parser, this one takes half a character, where a client has cut a text in its middle.
        value = _well_formed(json.loads(body, parse_constant=_no_number))
    except TimeoutError as error:
        raise ApiError(408, f"the body has not come within {BODY_S:.0f} s; see that Content-Length is right") from error
    except ClientDisconnect as error:
        raise ApiError(CLIENT_GONE, "the client has gone") from error
    except RecursionError as error:
        raise ApiError(400, "the body is not JSON: nested too deep") from error
    except ValueError as error:
        raise ApiError(400, f"the body is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise ApiError(400, "the body must be a JSON object")
    return value


def check(shape: type[Body], value: dict[str, Any]) -> Body:
    """Return the object as ``shape`` has it.

    Raises:
        ApiError: It is not of that shape (422); the message names the field and quotes no value.
    """
    try:
        return shape.model_validate(value)
    except pydantic.ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"])[:80]
        message = first["msg"].removeprefix("Value error, ")
        if first["type"] == "extra_forbidden":
            message = f"unknown field; known are {', '.join(shape.model_fields)}"
        raise ApiError(422, f"{field}: {message}" if field else message, field or None) from error


def refuse(field: str, why: str) -> ApiError:
    """Return the error of a wish that cannot be met, so that no client believes that it was."""
    return ApiError(400, f"{field} {why}", field)
