"""One front, seen from the engine."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from contextlib import AbstractContextManager
from typing import Any, Protocol

from completion.hosts.base import HostedService
from completion.hosts.channel import Channel
from completion.hosts.errors import as_trouble
from completion.hosts.messages import (
    Answer,
    AskStatus,
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
    Status,
    Stopped,
    Traced,
    Unusable,
    Warm,
    Weigh,
    Weighed,
    Written,
)
from completion.types import CancelToken, Tell


class Engine(Protocol):
    """What the sessions of an engine share."""

    async def service(self) -> HostedService:
        """Return the service when it is loaded.

        Raises:
            Exception: Whatever kept it from being loaded.
        """

    def working(self) -> AbstractContextManager[None]:
        """Count a request in, and out again."""

    def status(self) -> Status:
        """Say how things stand."""


class Session:
    """Answers the messages of a front that has been let in."""

    def __init__(self, channel: Channel, engine: Engine) -> None:
        """Talk over ``channel``, which the caller closes."""
        self._channel = channel
        self._engine = engine
        self._tokens: dict[int, CancelToken] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def tell(self, words: str) -> None:
        """Tell the front what is done while the model is loaded."""
        self._channel.send(Loading(words))

    def part(self) -> None:
        """Tell the front that the user ends the engine."""
        self._channel.send(Stopped())

    async def run(self) -> None:
        """Serve the front until it leaves; what it still waits for is cancelled then.

        Raises:
            Malformed: It sent what is no message of a front.
        """
        announcing = self._start(self._announce())
        try:
            while (message := await self._channel.receive()) is not None:
                self._hear(message)
        finally:
            announcing.cancel()  # who leaves while the model loads waits for it no more
            for token in self._tokens.values():
                token.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _hear(self, message: Message) -> None:
        match message:
            case Complete() | ListNames() | Weigh() | Describe() | AskTrace():
                self._tokens[message.id] = token = CancelToken()
                self._start(self._answer(message, token))
            case Cancel():
                if unwanted := self._tokens.get(message.id):
                    unwanted.cancel()
            case Warm():
                self._start(self._warm(message))
            case AskStatus():
                self._channel.send(self._engine.status())
            case _:
                raise Malformed(f"a front does not say {type(message).__name__}")

    async def _announce(self) -> None:
        try:
            service = await self._engine.service()
        except Exception as error:  # noqa: BLE001 -- the process's border: the front raises it again
            self._channel.send(Unusable(as_trouble(error)))
            return
        self._channel.send(ready(service))

    async def _answer(self, asked: Question, token: CancelToken) -> None:
        try:
            with self._engine.working():
                answer = await answer_to(asked, await self._engine.service(), token, self._tell_of(asked))
            self._channel.send(answer)
        except Exception as error:  # noqa: BLE001 -- the process's border: the front raises it again
            self._channel.send(Failed(asked.id, as_trouble(error)))
        finally:
            del self._tokens[asked.id]

    def _tell_of(self, asked: Question) -> Tell | None:
        """Return who is told the text while it is written, on the thread that writes it."""
        if not isinstance(asked, Complete) or not asked.told:
            return None
        number, loop = asked.id, asyncio.get_running_loop()
        return lambda text: loop.call_soon_threadsafe(self._channel.send, Written(number, text))

    async def _warm(self, asked: Warm) -> None:
        # A wish that makes no sense is no worse than one that comes too late.
        with contextlib.suppress(Exception):
            (await self._engine.service()).warm(asked.request)

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def ready(service: HostedService) -> Ready:
    """Return what a front is told of a loaded service."""
    dtype = str(service.status()["dtype"])
    return Ready(service.model, dtype, service.device, service.warning, service.context)


async def answer_to(asked: Question, service: HostedService, token: CancelToken, tell: Tell | None = None) -> Answer:
    """Have a service answer a question; ``tell`` is told a completion's text while it is written.

    Raises:
        Exception: Whatever the service raises.
    """
    match asked:
        case Complete():
            return Completed(asked.id, await service.complete(asked.request, token, tell))
        case ListNames():
            return Listed(asked.id, await service.names(asked.request, token))
        case Weigh():
            return Weighed(asked.id, await service.likelihoods(asked.request, asked.names, token))
        case Describe():
            return Described(asked.id, await service.description(asked.request, asked.name, token))
        case AskTrace():
            return Traced(asked.id, await service.trace(asked.request))
