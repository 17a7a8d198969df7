"""Puts the language server together and runs it."""

from __future__ import annotations

import asyncio
from typing import BinaryIO

from lsp_server.front import Factory, Front
from lsp_server.logs import pin_pygls_logger
from lsp_server.methods import COMMANDS, FEATURES
from lsp_server.settings import ServerSettings
from lsp_server.statistics import Statistics
from lsp_server.stdio import Frames, FrameWriter, claim_stdio, pump


def run_stdio(service_factory: Factory, settings: ServerSettings | None = None) -> int:
    """Serve one client on standard input and output until it leaves.

    Args:
        service_factory: Called on a thread of its own, when the client is initialized and when it wants a restart.
        settings: Defaults; None for the standard ones.

    Returns:
        The exit code: 0 after `shutdown` and `exit`, else 1.
    """
    pin_pygls_logger()
    reader, writer = claim_stdio()
    return asyncio.run(serve(create_server(service_factory, settings or ServerSettings()), reader, writer))


def create_server(service_factory: Factory, settings: ServerSettings) -> Front:
    """Return a server with every method in place."""
    front = Front(service_factory, settings)
    front.observer = Statistics(front)
    for method, handler, options in FEATURES:
        front.feature(method, options)(handler)
    for command, handler in COMMANDS:
        front.command(command)(handler)
    return front


async def serve(front: Front, reader: BinaryIO, writer: BinaryIO) -> int:
    """Serve one client on two streams; see ``run_stdio``."""
    frames: Frames = asyncio.Queue()
    front.protocol.set_writer(FrameWriter(writer))
    pump(reader, frames)
    while front.exit_code is None and (frame := await frames.get()) is not None:
        front.protocol.receive(frame)
        # A handler's first step, which takes its snapshot, comes before the next message, which
        # may change the document.
        await asyncio.sleep(0)
    await front.close()
    return 1 if front.exit_code is None else front.exit_code
