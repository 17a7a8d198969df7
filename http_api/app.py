"""Puts the server's app together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from completion.loading import ServiceFactory
from http_api import openai, tabby
from http_api.ask import desk_of
from http_api.bodies import read
from http_api.dashboard import dashboard, metrics, stats
from http_api.desk import Desk
from http_api.errors import ApiError, on_api_error, on_http_exception
from http_api.guard import Guard
from http_api.infill import infill, props
from http_api.native import native
from http_api.openapi import openapi
from http_api.settings import ServerSettings
from http_api.statistics import Statistics

Answer = Callable[[Request, dict[str, Any]], Awaitable[Response]]


def create_app(service_factory: ServiceFactory, settings: ServerSettings) -> Starlette:
    """Return the app; `app.state.desk` is where its requests wait.

    Args:
        service_factory: Called once, on a thread of its own, when the app starts.
        settings: Who may ask what.
    """
    desk = Desk(service_factory, settings.most_requests)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        desk.open()
        yield
        await desk.close()

    statistics = Statistics()
    app = Starlette(
        routes=ROUTES,
        middleware=[Middleware(Guard, settings=settings, paths=PATHS, statistics=statistics)],
        exception_handlers={ApiError: on_api_error, HTTPException: on_http_exception},
        lifespan=lifespan,
    )
    app.state.desk = desk
    app.state.settings = settings
    app.state.statistics = statistics
    return app


async def by_shape(request: Request, value: dict[str, Any]) -> Response:
    """Answer in Tabby's dialect what only Tabby's clients send, all else in OpenAI's."""
    if "segments" in value or "debug_options" in value:
        return await tabby.completions(request, value)
    return await openai.completions(request, value)


async def health(request: Request) -> Response:
    """Say whether requests are answered: 503 while the model loads."""
    if desk_of(request).service is None:
        return JSONResponse({"status": "loading model"}, 503)
    return JSONResponse({"status": "ok"})


def with_body(answer: Answer) -> Callable[[Request], Awaitable[Response]]:
    """Return an endpoint that reads its JSON body first."""

    async def endpoint(request: Request) -> Response:
        return await answer(request, await read(request))

    return endpoint


ROUTES = (
    Route("/", dashboard, methods=["GET"]),
    Route("/health", health, methods=["GET"]),
    Route("/metrics", metrics, methods=["GET"]),
    Route("/openapi.json", openapi, methods=["GET"]),
    Route("/v1/stats", stats, methods=["GET"]),
    Route("/v1/complete", with_body(native), methods=["POST"]),
    Route("/v1/completions", with_body(by_shape), methods=["POST"]),
    Route("/v1/models", openai.models, methods=["GET"]),
    Route("/v1/health", tabby.health, methods=["GET", "POST"]),
    Route("/v1/events", with_body(tabby.events), methods=["POST"]),
    Route("/v1beta/models", tabby.models, methods=["GET"]),
    Route("/v1beta/server_setting", tabby.server_setting, methods=["GET"]),
    Route("/infill", with_body(infill), methods=["POST"]),
    Route("/props", props, methods=["GET"]),
)
PATHS = frozenset(route.path for route in ROUTES)
