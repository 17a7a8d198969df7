"""A request on its way to an engine and back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from completion.hosts.messages import Question
from completion.types import CancelToken, Tell

Result = TypeVar("Result")


@dataclass
class Flight(Generic[Result]):
    """A request that has no answer yet.

    Attributes:
        message: As it is sent.
        cancel: Whether anybody still wants the answer.
        nothing: Makes the answer for nobody.
        answer: Set once.
        tell: Told the text while it is written.
        told: Whether it was told something.
        engines: Number of engines that it was sent to.
    """

    message: Question
    cancel: CancelToken
    nothing: Callable[[], Result]
    answer: asyncio.Future[Result]
    tell: Tell | None = None
    told: bool = False
    engines: int = 0

    def hear(self, text: str) -> None:
        """Pass on a part of the text."""
        if self.tell is not None and not self.answer.done():
            self.told = True
            self.tell(text)

    def fail(self, error: Exception) -> None:
        """Answer with an error, unless there is an answer."""
        if not self.answer.done():
            self.answer.set_exception(error)

    def settle(self, result: Result) -> None:
        """Answer, unless that was done."""
        if not self.answer.done():
            self.answer.set_result(result)
