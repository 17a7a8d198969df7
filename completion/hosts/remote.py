"""A service whose engine is another process."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from functools import partial
from typing import Any

from completion.hosts.channel import Channel
from completion.hosts.errors import EngineError, as_error
from completion.hosts.flight import Flight, Result
from completion.hosts.messages import (
    AskTrace,
    Cancel,
    Complete,
    Completed,
    Describe,
    Described,
    Failed,
    Listed,
    ListNames,
    Loading,
    Malformed,
    Message,
    Question,
    Ready,
    Stopped,
    Traced,
    Unusable,
    Warm,
    Weigh,
    Weighed,
    Written,
)
from completion.trace import Trace
from completion.types import CancelToken, Candidate, CompletionRequest, CompletionResult, Listing, Reason, Tell, Trigger
from models.progress import Say, silent

# So many engines may die over one request; then it is taken to be what kills them.
MOST_ENGINES = 3


class RemoteService:
    """Completes with an engine behind a channel; a ``completion.loading.Service``.

    When the engine dies or has ended, another one is reached for as soon as there is something to
    ask, and everything that has no answer yet is sent to it.  A request holds its documents as
    values, so nothing else has to be told again.  Preparing for a request wakes no engine; ``wake``
    does, unless the user has stopped it.

    All work is done by one thread with an event loop; methods may be called from any other.
    """

    def __init__(self, reach: Callable[[], Awaitable[Channel]], stop: Callable[[], object], say: Say = silent) -> None:
        """Begin to reach for an engine.

        Args:
            reach: Returns a channel with the handshake done, or raises EngineError.
            stop: Ends the engine that would be reached, and returns when that is done.
            say: Told what an engine does while it loads its model.
        """
        self._reach = reach
        self._stop = stop
        self._say = say
        self._about: Future[Ready] = Future()
        self._flights: dict[int, Flight[Any]] = {}
        self._ids = itertools.count()
        self._channel: Channel | None = None
        self._loop = asyncio.new_event_loop()
        self._stopped = False
        self._wanted = asyncio.Event()
        self._ending = asyncio.Event()
        self._closed = False
        # Held while something is handed to the thread for which somebody will wait: closing comes before or behind it.
        self._handing_over = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="engine-link", daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Wait until the engine's model is loaded.

        Raises:
            ModelError: The model cannot be used.
            EngineError: No engine can be reached.
        """
        self._about.result()

    @property
    def model(self) -> str:
        """Name of the model."""
        return self._about.result().model

    @property
    def device(self) -> str:
        """Device that it runs on."""
        return self._about.result().device

    @property
    def context(self) -> int:
        """Most tokens of a prompt that the model reads."""
        return self._about.result().context

    @property
    def warning(self) -> str:
        """What its user should know about the model; see ``Service.warning``."""
        return self._about.result().warning

    async def complete(
        self, request: CompletionRequest, cancel: CancelToken, tell: Tell | None = None
    ) -> CompletionResult:
        """Have the engine complete.

        Raises:
            ValueError: As ``CompletionService.complete``.
            ModelError: As ``CompletionService.complete``, or it cannot be loaded any more.
            EngineError: The engine failed, again and again if its process died; once if it had told a part of the text.
        """
        return await asyncio.wrap_future(self._complete(request, cancel, tell))

    async def names(self, request: CompletionRequest, cancel: CancelToken) -> Listing:
        """Have the engine list names; errors as for ``complete``."""
        return await asyncio.wrap_future(self._submit(partial(ListNames, request=request), cancel, Listing))

    async def likelihoods(
        self, request: CompletionRequest, names: tuple[str, ...], cancel: CancelToken
    ) -> tuple[float | None, ...]:
        """Have the engine weigh names; errors as for ``complete``."""
        message = partial(Weigh, request=request, names=names)
        return await asyncio.wrap_future(self._submit(message, cancel, tuple[float | None, ...]))

    async def description(self, request: CompletionRequest, name: str, cancel: CancelToken) -> str:
        """Have the engine describe a name; errors as for ``complete``."""
        return await asyncio.wrap_future(self._submit(partial(Describe, request=request, name=name), cancel, str))

    async def trace(self, request: CompletionRequest) -> Trace | None:
        """Have the engine tell how a completion came about; one that has ended since does not know any more."""
        if self._channel is None:
            return None
        message = partial(AskTrace, request=request)
        return await asyncio.wrap_future(self._submit(message, CancelToken(), lambda: None))

    def complete_now(self, request: CompletionRequest, cancel: CancelToken | None = None) -> CompletionResult:
        """Have the engine complete, and wait for it on this thread; see ``complete``."""
        return self._complete(request, cancel or CancelToken()).result()

    def warm(self, request: CompletionRequest) -> None:
        """Have the engine prepare, if one is there; see ``Service.warm``."""
        self._from_outside(self._send_now, Warm(request))

    def wake(self) -> None:
        """Have an engine, unless the user has stopped it; see ``Service.wake``."""
        self._from_outside(self._wake)

    def end(self) -> None:
        """Leave the engine and end it; see ``Service.end``."""
        self.close()
        self._stop()

    def close(self) -> None:
        """Leave the engine; requests that are open end as cancelled."""
        with self._handing_over:
            if self._closed:
                return
            self._closed = True
        self._loop.call_soon_threadsafe(self._ending.set)
        self._thread.join()
        self._loop.close()

    def _complete(
        self, request: CompletionRequest, cancel: CancelToken, tell: Tell | None = None
    ) -> Future[CompletionResult]:
        message = partial(Complete, request=request, told=tell is not None)
        return self._submit(message, cancel, self._cancelled, tell)

    def _submit(
        self,
        message: Callable[[int], Question],
        cancel: CancelToken,
        nothing: Callable[[], Result],
        tell: Tell | None = None,
    ) -> Future[Result]:
        """Send a message, once it has a number; ``nothing`` makes the answer if it is cancelled."""
        with self._handing_over:
            if not self._closed:
                return asyncio.run_coroutine_threadsafe(self._ask(message, cancel, nothing, tell), self._loop)
        done: Future[Result] = Future()
        done.set_result(nothing())
        return done

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._live())

    async def _live(self) -> None:
        """Keep the link until the service is closed, then answer what is open."""
        link = asyncio.create_task(self._link())
        await self._ending.wait()
        link.cancel()
        await asyncio.gather(link, return_exceptions=True)
        while self._flights:
            for flight in self._flights.values():
                flight.settle(flight.nothing())
            await asyncio.sleep(0)
        self._about.cancel()

    async def _link(self) -> None:
        """Have an engine, one after the other, whenever one is wanted."""
        for number in itertools.count(1):
            try:
                channel = await self._reach()
                await self._use(channel)
            except Exception as error:  # noqa: BLE001 -- the thread's border: those who wait raise it
                self._give_up(error)
            if not self._about.done():
                if number < MOST_ENGINES and not self._stopped:
                    continue
                self._give_up(EngineError("the engine has ended while it loaded the model; verifill doctor looks why"))
            # What was wanted of the one that has ended is no reason to have another.
            self._wanted.clear()
            if all(flight.answer.done() for flight in self._flights.values()):
                await self._wanted.wait()

    async def _use(self, channel: Channel) -> None:
        """Talk to one engine for as long as it lives."""
        self._channel = channel
        try:
            for flight in self._flights.values():
                self._send(flight, channel)
            with contextlib.suppress(Malformed):
                while (message := await channel.receive()) is not None:
                    self._hear(message)
        finally:
            self._channel = None
            channel.abort()

    def _hear(self, message: Message) -> None:
        match message:
            case Ready():
                if not self._about.done():
                    self._about.set_result(message)
            case Loading():
                self._say(message.words)
            case Stopped():
                self._stopped = True
            case Unusable():
                self._give_up(as_error(message.trouble))
            case Written() if flight := self._flights.get(message.id):
                flight.hear(message.text)
            case Completed() | Listed() | Weighed() | Described() | Traced() if flight := self._flights.get(message.id):
                flight.settle(message.result)
            case Failed() if flight := self._flights.get(message.id):
                flight.fail(as_error(message.trouble))
            case _:
                pass  # An answer that nobody waits for.

    def _give_up(self, error: Exception) -> None:
        """Tell everybody who waits that there is no engine to be had."""
        if not self._about.done():
            self._about.set_exception(error)
        for flight in self._flights.values():
            flight.fail(error)

    async def _ask(
        self,
        message: Callable[[int], Question],
        cancel: CancelToken,
        nothing: Callable[[], Result],
        tell: Tell | None,
    ) -> Result:
        flight = Flight[Result](message(next(self._ids)), cancel, nothing, self._loop.create_future(), tell)
        if self._channel is None and flight.message.request.trigger is Trigger.AHEAD:
            return nothing()
        self._flights[flight.message.id] = flight
        if self._channel is not None:
            self._send(flight, self._channel)
        self._stopped = False
        self._wanted.set()
        try:
            with cancel.calling(partial(self._from_outside, self._recall, flight)):
                await asyncio.wait({flight.answer})
            return flight.answer.result()
        finally:
            del self._flights[flight.message.id]
            if not flight.answer.done():
                self._send_now(Cancel(flight.message.id))
            # An error holds this frame: with the flight in it, each would keep the other, and the document.
            del flight

    def _wake(self) -> None:
        if not self._stopped:
            self._wanted.set()

    def _send(self, flight: Flight[Any], channel: Channel) -> None:
        """Send a request, unless nobody wants it any more or it seems to be what engines die of.

        Of a text that was told in part, another engine may know other facts.
        """
        if flight.cancel.cancelled:
            flight.settle(flight.nothing())
        elif flight.told:
            flight.fail(EngineError("the engine has ended while it wrote; ask again"))
        elif flight.engines == MOST_ENGINES:
            flight.fail(EngineError(f"{MOST_ENGINES} engines have died over this request; please report it"))
        elif not flight.answer.done():
            flight.engines += 1
            channel.send(flight.message)

    def _recall(self, flight: Flight[Any]) -> None:
        """Tell the engine that an answer is not wanted any more; without one, that is the answer."""
        if flight.answer.done():
            return
        if self._channel is None:
            flight.settle(flight.nothing())
        else:
            self._channel.send(Cancel(flight.message.id))

    def _from_outside(self, work: Callable[..., object], *given: object) -> None:
        """Have something done on the thread with the loop, unless that has ended: then nothing is left to do."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(work, *given)

    def _send_now(self, message: Message) -> None:
        if self._channel is not None:
            self._channel.send(message)

    def _cancelled(self) -> CompletionResult:
        known = self._about.done() and not self._about.cancelled() and self._about.exception() is None
        model = self._about.result() if known else Ready("", "", "")
        empty = (Candidate("", 0.0, "cancelled"),)
        return CompletionResult(empty, Reason.CANCELLED, None, model.model, model.dtype, model.device, {}, {}, ())
