"""Errors of a request, in the shape that the client's dialect has for them."""

from __future__ import annotations

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Scope

CLIENT_GONE = 499
"""Nobody reads this status; nginx made it the custom."""

_TYPES = {401: "authentication_error", 404: "not_found_error", 429: "rate_limit_error", 503: "unavailable_error"}


class ApiError(Exception):
    """A request that gets no completion.

    Attributes:
        status: HTTP status.
        message: One line that names the cause and the mend, and quotes no code.
        field: The request's field that is at fault, if one is.
        retry_after: Seconds after which it may work; None where waiting does not help.
    """

    def __init__(self, status: int, message: str, field: str | None = None, retry_after: int | None = None) -> None:
        """Make an error."""
        super().__init__(message)
        self.status = status
        self.message = " ".join(message.split())
        self.field = field
        self.retry_after = retry_after


def respond(scope: Scope, error: ApiError) -> Response:
    """Return an error as the path's dialect has it."""
    headers = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(body_of(scope["path"], error), error.status, headers)


async def on_api_error(request: Request, error: Exception) -> Response:
    """Answer an `ApiError`."""
    assert isinstance(error, ApiError)
    return respond(request.scope, error)


async def on_http_exception(request: Request, error: Exception) -> Response:
    """Answer what the router itself refuses: unknown paths and methods."""
    assert isinstance(error, HTTPException)
    response = respond(request.scope, ApiError(error.status_code, str(error.detail)))
    response.headers.update(error.headers or {})
    return response


def body_of(path: str, error: ApiError) -> dict[str, Any]:
    """Return an error's object in the shape of the path's dialect."""
    kind = _TYPES.get(error.status, "server_error" if error.status >= 500 else "invalid_request_error")
    if path == "/v1/complete":
        return {"error": error.message}
    if path == "/infill":
        return {"error": {"code": error.status, "message": error.message, "type": kind}}
    return {"error": {"message": error.message, "type": kind, "param": error.field, "code": None}}
