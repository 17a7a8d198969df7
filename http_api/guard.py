"""What every request passes before anything else looks at it."""

from __future__ import annotations

import hmac
import ipaddress
import logging

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from http_api.errors import ApiError, respond
from http_api.settings import ServerSettings
from http_api.statistics import Statistics

PUBLIC = frozenset(("/", "/health"))
"""Paths that need no token: a page without data, and whether the server is up."""

_log = logging.getLogger(__name__)


class Guard:
    """ASGI middleware: Host header, token, size of the body, and no exception beyond it; counts the replies.

    The Host header is checked because a web page can make its own name point to 127.0.0.1 and
    then talk to this server from the user's browser (DNS rebinding).  There is no CORS.
    """

    def __init__(self, app: ASGIApp, settings: ServerSettings, paths: frozenset[str], statistics: Statistics) -> None:
        """Stand before ``app``, whose paths are ``paths``."""
        self._app = app
        self._settings = settings
        self._paths = paths
        self._statistics = statistics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def sending(message: Message) -> None:
            nonlocal started
            started = True
            if message["type"] == "http.response.start":
                path = scope["path"] if scope["path"] in self._paths else "other"
                self._statistics.replies[path, message["status"]] += 1
            await send(message)

        try:
            self._check(scope["path"], Headers(scope=scope))
            await self._app(scope, limited(receive, self._settings.most_body_bytes), sending)
        except ApiError as error:
            await respond(scope, error)(scope, receive, sending)
        except Exception as error:  # noqa: BLE001 -- the request's border; the message may quote the user's code
            _log.error("internal error, %s, in a request", type(error).__name__)
            if not started:
                failure = ApiError(500, f"internal error, {type(error).__name__}")
                await respond(scope, failure)(scope, receive, sending)

    def _check(self, path: str, headers: Headers) -> None:
        if not is_ours(headers.get("host", ""), self._settings):
            raise ApiError(403, "the Host header names another server; use the address that `verifill serve` printed")
        if path not in PUBLIC and not has_token(headers.get("authorization", ""), self._settings.token):
            raise ApiError(401, "missing or wrong token; send Authorization: Bearer TOKEN, as `verifill serve` has it")
        length = headers.get("content-length", "")
        if length.isdigit() and int(length) > self._settings.most_body_bytes:
            raise too_large(self._settings.most_body_bytes)


def is_ours(host: str, settings: ServerSettings) -> bool:
    """Whether a Host header (``name``, ``name:port``, ``[v6]:port``) means this server."""
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    if name.lower() in settings.hosts:
        return True
    return settings.any_address and is_address(name)


def is_address(name: str) -> bool:
    """Whether ``name`` is an IP address."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def has_token(authorization: str, token: str) -> bool:
    """Whether an Authorization header carries the token; takes equally long for any wrong one."""
    scheme, _, given = authorization.partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode())


def limited(receive: Receive, most: int) -> Receive:
    """Return ``receive`` that fails with 413 after ``most`` bytes of body."""
    seen = 0

    async def receiving() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > most:
            raise too_large(most)
        return message

    return receiving


def too_large(most: int) -> ApiError:
    """Return the error of a body that is too large."""
    return ApiError(413, f"the body is larger than {most:,} bytes")
