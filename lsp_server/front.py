"""What one client's window holds."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import FeatureRequestError
from pygls.lsp.server import LanguageServer

from completion.loading import Service, load
from completion.types import Reason
from lsp_server.answer_kinds import AnswerCounts
from lsp_server.configuration import Configuration
from lsp_server.debounce import Debounce
from lsp_server.documents import DocumentStore
from lsp_server.elsewhere import Elsewhere
from lsp_server.flights import Flights
from lsp_server.names import NamePlaces
from lsp_server.offers import Observer, Offers, Unobserved
from lsp_server.ongoing import Ongoing
from lsp_server.progress import shown_if_slow
from lsp_server.protocol import Router
from lsp_server.reasons import FrontReason, status_of
from lsp_server.settings import ServerSettings
from lsp_server.status import Status, StatusBar
from lsp_server.suggestions import Place, Suggestion, Suggestions
from lsp_server.uris import folder_of
from models.progress import Say

if TYPE_CHECKING:
    from pygls.server import ServerErrors

# Opens the service, and tells what it does meanwhile.
Factory = Callable[[Say], Service]


class Front(LanguageServer):
    """The language server of one window, before any method is registered.

    Attributes:
        configuration: The settings, as they stand now.
        documents: The open documents.
        elsewhere: Where they were edited last.
        suggestions: What can be answered without the service.
        flights: Requests that the service works on.
        names: What is known of the places where popups were shown.
        ongoing: Work that no reply waits for any more.
        debounce: How long to wait with the next one.
        cursors: Where completions were asked for last, offsets by URI.
        tried_ahead: Where a completion was begun last before anybody asked.
        offers: What the client was given.
        observer: Told what becomes of it.
        counts: How requests were answered.
        status: The client's status bar.
        service: The completion service, None until it is loaded.
        load_failed: Whether it will never be.
        expecting: Goes off when the engine shall prepare for a completion (``warming``); None if it need not.
        exit_code: What the process shall end with, None while it shall not.
    """

    protocol: Router

    def __init__(self, factory: Factory, settings: ServerSettings) -> None:
        """Make a server that will get its service from ``factory``."""
        super().__init__("verifill", settings.version, protocol_cls=Router)
        self.configuration = Configuration(settings, self._warn)
        self.documents = DocumentStore(types.PositionEncodingKind.Utf16)
        self.elsewhere = Elsewhere()
        self.suggestions = Suggestions()
        self.flights = Flights[Suggestion]()
        self.ongoing = Ongoing()
        self.names = NamePlaces(self.ongoing)
        self.debounce = Debounce()
        self.cursors: dict[str, int] = {}
        self.tried_ahead: Place | None = None
        self.offers = Offers()
        self.observer: Observer = Unobserved()
        self.counts = AnswerCounts()
        self.status = StatusBar(self.protocol.notify)
        self.service: Service | None = None
        self.load_failed = False
        self.expecting: asyncio.TimerHandle | None = None
        self.exit_code: int | None = None
        self._factory = factory
        self._loading: asyncio.Task[None] | None = None
        self._told: set[str] = set()
        self._numbers = itertools.count(1)

    @property
    def folders(self) -> tuple[str, ...]:
        """Paths of the workspace folders; folders that are not files are left out."""
        return tuple(path for uri in self.folder_uris if (path := folder_of(uri)) is not None)

    @property
    def folder_uris(self) -> tuple[str, ...]:
        """The workspace folders as the client spells them; pygls keeps them under other names."""
        root = (self.workspace.root_uri,) if self.workspace.root_uri else ()
        return tuple(folder.uri for folder in self.workspace.folders.values()) or root

    def start_loading(self) -> None:
        """Begin to load the service, once."""
        if self._loading is None:
            self._begin_loading(None)

    def restart(self) -> bool:
        """End the engine and load the service again; False, and nothing done, while it is being loaded."""
        if self._loading is None or not self._loading.done():
            return False
        old, self.service = self.service, None
        self.load_failed = False
        self.flights.end_all(Reason.MODEL_LOADING)
        self.suggestions.clear()
        self.tried_ahead = None
        self._told.clear()
        self._begin_loading(old)
        return True

    def wake(self) -> None:
        """Have the engine there soon, if it ended for being idle."""
        if self.service is not None:
            self.service.wake()

    def next_number(self) -> int:
        """Return a number for an answer of the service; each is used once."""
        return next(self._numbers)

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

    def _warn(self, problems: list[str]) -> None:
        """Log what is wrong with settings, and show the first thing; later ones of the same place are logged only."""
        for problem in problems:
            self.log(problem)
        if any([self.is_news(problem.partition(":")[0]) for problem in problems]):
            more = f" ({len(problems) - 1} more in the log)" if len(problems) > 1 else ""
            message = f"Verifill: {problems[0]}{more}"
            self.window_show_message(types.ShowMessageParams(types.MessageType.Warning, message))

    def _begin_loading(self, old: Service | None) -> None:
        self.status.show(status_of(Reason.MODEL_LOADING))
        self._loading = asyncio.create_task(self._load(old))

    async def _load(self, old: Service | None) -> None:
        """Load the service, after ending the one before it."""
        try:
            async with shown_if_slow(self, "Verifill: loading the model") as say:
                if old is not None:
                    await asyncio.to_thread(old.end)
                self.service = service = await load(lambda: self._factory(say))
        except Exception as error:  # noqa: BLE001 -- whatever keeps the model from loading, the user reads it
            self.load_failed = True
            self.status.show(status_of(FrontReason.LOAD_FAILED))
            message = f"Verifill: the model cannot be loaded: {error}"
            self.window_show_message(types.ShowMessageParams(types.MessageType.Error, message))
            return
        self.status.show(Status("Warning" if service.warning else "Normal", message=service.warning))
        if service.warning:
            message = f"Verifill: {service.warning}"
            self.window_show_message(types.ShowMessageParams(types.MessageType.Warning, message))
