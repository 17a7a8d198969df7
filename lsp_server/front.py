"""What one client's window holds."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import FeatureRequestError
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from completion.loading import Service, ServiceFactory, load
from lsp_server.documents import DocumentStore
from lsp_server.flights import Flights
from lsp_server.protocol import Router
from lsp_server.reasons import FrontReason, status_of
from lsp_server.settings import ServerSettings
from lsp_server.status import Status, StatusBar

if TYPE_CHECKING:
    from pygls.server import ServerErrors


class Front(LanguageServer):
    """The language server of one window, before any method is registered.

    Attributes:
        settings: What it was started with.
        environment: The user's interpreter, or "".
        strictness: Factor on the measured penalties of facts.
        documents: The open documents.
        flights: Requests that the service works on.
        status: The client's status bar.
        service: The completion service, None until it is loaded.
        load_failed: Whether it will never be.
        expecting: Goes off when the engine shall prepare for a completion (``warming``); None if it need not.
        exit_code: What the process shall end with, None while it shall not.
    """

    protocol: Router

    def __init__(self, factory: ServiceFactory, settings: ServerSettings) -> None:
        """Make a server that will get its service from ``factory``."""
        super().__init__("verifill", settings.version, protocol_cls=Router)
        self.settings = settings
        self.environment = settings.environment
        self.strictness = 1.0
        self.documents = DocumentStore(types.PositionEncodingKind.Utf16)
        self.flights = Flights()
        self.status = StatusBar(self.protocol.notify)
        self.service: Service | None = None
        self.load_failed = False
        self.expecting: asyncio.TimerHandle | None = None
        self.exit_code: int | None = None
        self._factory = factory
        self._loading: asyncio.Task[None] | None = None
        self._told: set[str] = set()

    @property
    def folders(self) -> tuple[str, ...]:
        """Paths of the workspace folders; folders that are not files are left out."""
        root = [self.workspace.root_uri] if self.workspace.root_uri else []
        return tuple(path for uri in self.workspace.folders or root if (path := to_fs_path(uri)))

    def start_loading(self) -> None:
        """Begin to load the service, once."""
        if self._loading is None:
            self.status.show(Status(busy=True, message="model_loading"))
            self._loading = asyncio.create_task(self._load())

    def is_news(self, cause: str) -> bool:
        """Whether this is the first failure with this cause."""
        news = cause not in self._told
        self._told.add(cause)
        return news

    def log(self, message: str) -> None:
        """Write a line into the client's log."""
        self.window_log_message(types.LogMessageParams(types.MessageType.Warning, message))

    def trace(self, message: str, details: Mapping[str, object] | None = None) -> None:
        """Write a line into the client's trace, if it wants one (``$/setTrace``)."""
        if self.protocol.trace == types.TraceValue.Off:
            return
        verbose = self.protocol.trace == types.TraceValue.Verbose and details is not None
        self.log_trace(types.LogTraceParams(message, json.dumps(details, default=dict) if verbose else None))

    async def close(self) -> None:
        """Reply to what is open and let the service go."""
        if self.expecting is not None:
            self.expecting.cancel()
        await self.protocol.settle()
        if self.service is not None:
            self.service.close()

    def report_server_error(self, error: Exception, source: ServerErrors) -> None:
        """Log that a notification's handler failed; a request's error is in its reply.

        pygls would show the error's text to the user, and it may quote the document.
        """
        if source is not FeatureRequestError:
            self.log(f"{source.__name__}: {type(error).__name__}")

    async def _load(self) -> None:
        try:
            self.service = await load(self._factory)
        except Exception as error:  # noqa: BLE001 -- whatever keeps the model from loading, the user reads it
            self.load_failed = True
            self.status.show(status_of(FrontReason.LOAD_FAILED))
            message = f"Verifill: the model cannot be loaded: {error}"
            self.window_show_message(types.ShowMessageParams(types.MessageType.Error, message))
            return
        self.status.show(Status())
