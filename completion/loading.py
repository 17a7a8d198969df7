"""The completion service as the fronts see it, and how it comes to life.

Loading a model takes seconds.  It runs on a thread of its own, is started once, and no request
can cancel it; until it is done requests are answered without it.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Protocol, TypeVar

from completion.trace import Trace
from completion.types import CancelToken, CompletionRequest, CompletionResult, Listing, Tell


class Service(Protocol):
    """What completes; `completion.service.CompletionService` is one."""

    @property
    def model(self) -> str:
        """Name of the model."""

    @property
    def device(self) -> str:
        """Device it runs on."""

    @property
    def context(self) -> int:
        """Most tokens of a prompt that the model reads."""

    @property
    def warning(self) -> str:
        """What its user should know about the model, one line; "" for nothing."""

    async def complete(
        self, request: CompletionRequest, cancel: CancelToken, tell: Tell | None = None
    ) -> CompletionResult:
        """Complete; after ``cancel`` fires return soon, with anything.

        Args:
            request: What.
            cancel: Whether anybody still wants it.
            tell: Told the text while it is written; what it was told last, and longest, begins the result's text.
        """

    def complete_now(self, request: CompletionRequest, cancel: CancelToken | None = None) -> CompletionResult:
        """Complete, and wait for it on this thread."""

    async def names(self, request: CompletionRequest, cancel: CancelToken) -> Listing:
        """List the names that may begin at the cursor; after ``cancel`` fires return soon, with anything."""

    async def likelihoods(
        self, request: CompletionRequest, names: tuple[str, ...], cancel: CancelToken
    ) -> tuple[float | None, ...]:
        """Return the log-probability of each name at the cursor; none after ``cancel`` has fired."""

    async def description(self, request: CompletionRequest, name: str, cancel: CancelToken) -> str:
        """Return how a listed name can be called at the cursor, a line for each way; "" if that is unknown."""

    async def trace(self, request: CompletionRequest) -> Trace | None:
        """Tell how the completion of a request came about that was to be remembered; None if that is forgotten."""

    def warm(self, request: CompletionRequest) -> None:
        """Prepare for a request that is likely to come; returns at once, and may do nothing."""

    def wake(self) -> None:
        """Have an engine there again that ended for being idle; returns at once.

        One that the user has stopped stays stopped until something is asked.
        """

    def close(self) -> None:
        """Let go of threads and processes."""

    def end(self) -> None:
        """Close, and end the engine also for others who use it; they have another when they ask something."""


ServiceFactory = Callable[[], Service]

AnyService = TypeVar("AnyService", bound=Service)


async def load(factory: Callable[[], AnyService]) -> AnyService:
    """Run ``factory`` on a thread that does not keep the process alive.

    Raises:
        Exception: Whatever the factory raised.
    """
    loop = asyncio.get_running_loop()
    loaded: asyncio.Future[AnyService] = loop.create_future()

    def settle(service: AnyService | None, error: Exception | None) -> None:
        if loaded.cancelled():
            return
        if error is not None:
            loaded.set_exception(error)
        elif service is not None:
            loaded.set_result(service)

    def run() -> None:
        service, error = None, None
        try:
            service = factory()
        except Exception as raised:  # noqa: BLE001 -- the thread's border: the awaiting side gets it
            error = raised
        # The client may have left meanwhile, and the loop with it.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, service, error)

    threading.Thread(target=run, name="load-model", daemon=True).start()  # verifill/__main__.py knows its name
    return await loaded
