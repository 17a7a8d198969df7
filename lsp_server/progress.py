"""Work-done progress for what may take long (LSP 3.18, "Work Done Progress")."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from models.progress import Say

# What is done sooner is not worth a progress bar that comes and goes.
SLOW_S = 1.0


@contextlib.asynccontextmanager
async def shown_if_slow(server: LanguageServer, title: str) -> AsyncIterator[Say]:
    """Show progress while the body runs, if that takes long and the client can show it.

    Yields:
        What to call, from any thread, with words on what is being done.
    """
    loop, words = asyncio.get_running_loop(), asyncio.Queue[str]()

    def say(what: str) -> None:
        # The client may have left meanwhile, and the loop with it.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(words.put_nowait, what)

    window = server.client_capabilities.window
    showing = asyncio.create_task(_show(server, title, words)) if window and window.work_done_progress else None
    try:
        yield say
    finally:
        if showing is not None:
            showing.cancel()
            await asyncio.gather(showing, return_exceptions=True)


async def _show(server: LanguageServer, title: str, words: asyncio.Queue[str]) -> None:
    await asyncio.sleep(SLOW_S)
    progress, token = server.work_done_progress, f"verifill-{uuid.uuid4()}"
    try:
        await progress.create_async(token)
    except (JsonRpcException, TimeoutError):
        return
    progress.begin(token, types.WorkDoneProgressBegin(title))
    try:
        while True:
            progress.report(token, types.WorkDoneProgressReport(message=await words.get()))
    finally:
        progress.end(token, types.WorkDoneProgressEnd())
