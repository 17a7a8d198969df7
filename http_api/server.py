"""Runs the app on a socket until a signal stops it."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from collections.abc import Callable
from types import FrameType

import uvicorn
from starlette.applications import Starlette

from completion.loading import ServiceFactory
from http_api.address import Listener
from http_api.app import create_app
from http_api.connections import Connection, allow_many
from http_api.desk import Desk
from http_api.settings import ServerSettings

# Seconds that open connections get after a signal; what is being completed is cancelled at once.
PATIENCE = 5


def run(
    service_factory: ServiceFactory,
    settings: ServerSettings,
    listener: Listener,
    started: Callable[[], None],
    ready: Callable[[], None],
) -> signal.Signals:
    """Serve until a signal comes, and return it.

    Args:
        service_factory: Makes the service, while requests are answered with 503.
        settings: For the app.
        listener: Where; closed at the end.
        started: Called when requests are accepted and signals are heard.
        ready: Called when the model is loaded.

    Raises:
        Exception: Whatever kept the service from being loaded.
    """
    quiet()
    allow_many()
    app = create_app(service_factory, settings)
    return asyncio.run(_serve(Server(config_of(app), app.state.desk), listener, started, ready))


def config_of(app: Starlette) -> uvicorn.Config:
    """Return how the app is served: HTTP alone, nothing logged, nothing told of the server."""
    return uvicorn.Config(
        app,
        loop="asyncio",
        http=Connection,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=PATIENCE,
    )


class Server(uvicorn.Server):
    """uvicorn's server, that ends when it is told to, cancelling what runs.

    Attributes:
        stopped_by: The signal that came.
    """

    def __init__(self, config: uvicorn.Config, desk: Desk) -> None:
        """Serve the app of ``desk``."""
        super().__init__(config)
        self.desk = desk
        self.stopped_by = signal.SIGTERM

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop; the second interrupt does not wait for open connections."""
        # uvicorn's own raises the signal again after the shutdown: the exit code would be the signal's.
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True
        self.stopped_by = signal.Signals(sig)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the connections; what is being completed for them ends first."""
        self.desk.stop()
        await super().shutdown(sockets)


async def _serve(
    server: Server, listener: Listener, started: Callable[[], None], ready: Callable[[], None]
) -> signal.Signals:
    watch = asyncio.create_task(_announce(server, started, ready))
    await server.serve(sockets=[listener.socket])
    if watch.done():
        watch.result()
    watch.cancel()
    return server.stopped_by


async def _announce(server: Server, started: Callable[[], None], ready: Callable[[], None]) -> None:
    while not server.started:
        await asyncio.sleep(0.01)
    started()
    try:
        await server.desk.loaded()
    except BaseException:
        server.should_exit = True
        raise
    ready()


class _TemplateOnly(logging.Formatter):
    """Prints a record without its arguments and traceback, which may quote a document, unless it is ours."""

    def format(self, record: logging.LogRecord) -> str:
        ours = record.name.startswith("http_api.")
        message = record.getMessage() if ours else str(record.msg).partition("\n")[0]
        return f"{record.levelname}: {record.name}: {message}"


def quiet() -> None:
    """Log warnings alone, and no request's content, to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(_TemplateOnly())
    for name in ("uvicorn", "http_api"):
        logger = logging.getLogger(name)
        logger.setLevel(logging.WARNING)
        logger.propagate = False
        logger.handlers = [handler]
