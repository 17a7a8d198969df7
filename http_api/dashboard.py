"""``GET /``: a page that shows how the server does, and ``GET /v1/stats``, where it has that from."""

from __future__ import annotations

from functools import cache

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from http_api.ask import desk_of, settings_of, statistics_of
from http_api.metrics import CONTENT_TYPE, exposition
from http_api.pages import Page, page


async def dashboard(request: Request) -> Response:
    """Return the page.  It holds no data: its script asks for them, with the token that its reader has."""
    shown = _page()
    return HTMLResponse(shown.html, headers={
        "Content-Security-Policy": f"{shown.policy}; frame-ancestors 'none'",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    })  # fmt: skip


async def stats(request: Request) -> Response:
    """Return the server's counts."""
    desk, settings = desk_of(request), settings_of(request)
    service = desk.service
    return JSONResponse({
        "version": settings.version,
        "model": None if service is None else service.model,
        "device": None if service is None else service.device,
        "active": desk.active,
        "most_requests": settings.most_requests,
        **statistics_of(request).summary(),
    })  # fmt: skip


async def metrics(request: Request) -> Response:
    """Return the server's counts as Prometheus reads them."""
    return Response(exposition(statistics_of(request), desk_of(request).active), media_type=CONTENT_TYPE)


@cache
def _page() -> Page:
    return page("dashboard", "Verifill")
