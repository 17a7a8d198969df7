"""The engine's side: one service, any number of fronts.

All of this runs on one thread that mostly sleeps at its sockets; the model runs on the service's own.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

from completion.hosts.base import HostedFactory, HostedService
from completion.hosts.build import build_id
from completion.hosts.channel import Channel
from completion.hosts.handshake import admit
from completion.hosts.memory import resident_bytes
from completion.hosts.messages import Malformed, Status
from completion.hosts.session import Session
from completion.loading import load

# Seconds that fronts get to be told why the model cannot be loaded, before the engine ends.
LAST_WORDS_S = 3.0

# Seconds between two looks whether new fronts find the engine; they wait for three times as long (``finding``).
LOOK_S = 10.0

_log = logging.getLogger(__name__)


class EngineServer:
    """Loads a service and lets fronts use it; a ``session.Engine``."""

    def __init__(self, factory: HostedFactory, secret: str, idle_s: float, is_found: Callable[[], bool]) -> None:
        """Serve what ``factory`` makes.

        Args:
            factory: Called once, on a thread of its own, with what tells all fronts how it goes.
            secret: What fronts have to know.
            idle_s: Seconds without a request after which the engine ends.
            is_found: Whether fronts find the engine; one that they do not find is in their way.
        """
        self._factory = factory
        self._secret = secret
        self._idle_s = idle_s
        self._is_found = is_found
        self._build = build_id()
        self._loading: asyncio.Task[HostedService] | None = None
        self._service: HostedService | None = None
        self._fronts: dict[asyncio.Task[None], Session] = {}
        self._running = 0
        self._started = self._last_request = time.monotonic()
        self._stop = asyncio.Event()

    async def run(self, listener: socket.socket, ready: Callable[[], None]) -> signal.Signals | None:
        """Serve until a signal comes, which is returned, or no request has come for long, or none can come.

        Args:
            listener: Where; closed at the end.
            ready: Called when the model is loaded.

        Raises:
            Exception: Whatever kept the service from being loaded, after fronts were told.
        """
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(_log_type_only)
        signals = _stop_at_signals(self._stop)

        def say(words: str) -> None:
            loop.call_soon_threadsafe(self._tell, words)

        self._loading = asyncio.create_task(load(lambda: self._factory(say)))
        async with self._listening(listener):
            try:
                self._service = await self._unless_stopped(self._loading)
            except Exception:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stop.wait(), LAST_WORDS_S)
                raise
            if self._service is not None:
                ready()
                self._service.calibrate()
                self._last_request = time.monotonic()  # fronts that waited for the model have yet to ask
                await self._until_idle()
            if signals:
                for session in self._fronts.values():
                    session.part()
        if self._service is not None:
            self._service.close()
        return signals[0] if signals else None

    async def service(self) -> HostedService:
        """Return the service when it is loaded; see ``session.Engine``."""
        assert self._loading is not None, "the server runs"
        return await asyncio.shield(self._loading)

    @contextmanager
    def working(self) -> Iterator[None]:
        """Count a request in, and out again."""
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1
            self._last_request = time.monotonic()

    def status(self) -> Status:
        """Say how things stand."""
        return Status(
            {
                "pid": os.getpid(),
                "build": self._build,
                "uptime_s": round(time.monotonic() - self._started, 1),
                "memory_bytes": resident_bytes(),
                "fronts": len(self._fronts) - 1,  # who asks is none
                "service": None if self._service is None else dict(self._service.status()),
            }
        )

    def _tell(self, words: str) -> None:
        for session in self._fronts.values():
            session.tell(words)

    @asynccontextmanager
    async def _listening(self, listener: socket.socket) -> AsyncIterator[None]:
        server = await asyncio.start_server(self._meet, sock=listener)
        try:
            yield
        finally:
            server.close()
            for front in self._fronts:
                front.cancel()
            await asyncio.gather(*self._fronts, return_exceptions=True)

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection to its end."""
        channel = Channel(reader, writer)
        task = asyncio.current_task()
        assert task is not None
        try:
            await admit(channel, self._secret, self._build)
            self._fronts[task] = session = Session(channel, self)
            await session.run()
        except ConnectionAbortedError:
            pass
        except Malformed as error:
            _log.warning("a connection was closed: %s", error)
        finally:
            self._fronts.pop(task, None)
            await channel.close()

    async def _unless_stopped(self, loading: asyncio.Task[HostedService]) -> HostedService | None:
        """Return the service, or None if the engine is told to end first.  Loading cannot be interrupted."""
        stopping = asyncio.create_task(self._stop.wait())
        await asyncio.wait({loading, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        return loading.result() if loading.done() else None

    async def _until_idle(self) -> None:
        """Return when the engine is told to end, has been idle for long, or is not found any more.

        What runs then is sent to the next engine by the fronts that wait for it.
        """
        while (left := self._last_request + self._idle_s - time.monotonic()) > 0 or self._running:
            if not self._is_found():
                return
            pause = max(left, 1.0) if self._running else left
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), min(pause, LOOK_S))
                return


def _stop_at_signals(stop: asyncio.Event) -> list[signal.Signals]:
    """Have signals set ``stop``, and return where the ones that came are found."""
    came: list[signal.Signals] = []

    def note(number: signal.Signals) -> None:
        came.append(number)
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        # Windows has no such handlers; Ctrl-C raises KeyboardInterrupt there.
        with contextlib.suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(number, note, number)
    return came


def _log_type_only(loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    """Log that something failed; its text and traceback may quote a document."""
    del loop
    _log.error("internal error, %s", type(context.get("exception")).__name__)
