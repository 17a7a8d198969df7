"""Work that a reply does not wait for to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


class Ongoing:
    """Work in the background of one window."""

    def __init__(self) -> None:
        """Start with none."""
        self._work: set[asyncio.Task[Any]] = set()

    def begin(self, work: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
        """Begin; an error that nobody asks for goes unnoticed."""
        task = asyncio.create_task(work)
        # asyncio itself holds tasks weakly.
        self._work.add(task)
        task.add_done_callback(self._end)
        return task

    async def in_time(self, work: Coroutine[Any, Any, Result], until: float) -> Result | None:
        """Begin, and return what comes of it; None, and it goes on, if that is not there by then.

        Args:
            work: What to do.
            until: A moment of the event loop's clock.

        Raises:
            asyncio.CancelledError: The caller is cancelled; the work goes on.
            Exception: Whatever the work raised in time.
        """
        task = self.begin(work)
        await asyncio.wait({task}, timeout=max(0.0, until - asyncio.get_running_loop().time()))
        return task.result() if task.done() else None

    def _end(self, task: asyncio.Task[Any]) -> None:
        self._work.discard(task)
        if not task.cancelled():
            task.exception()
