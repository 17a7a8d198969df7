"""Standard input and output as the protocol's own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from typing import BinaryIO

from lsp_server.framing import Malformed, read_frames

# A frame, what could not be one, or the end of the stream.
Frames = asyncio.Queue[bytes | Malformed | None]


class FrameWriter:
    """Writes to the client; after it has gone away, to nobody."""

    def __init__(self, stream: BinaryIO) -> None:
        """Write to ``stream``."""
        self._stream = stream

    def write(self, data: bytes) -> None:
        """Write and flush.  A client that is gone shows at the reading side, as end of file."""
        try:
            self._stream.write(data)
            self._stream.flush()
        except OSError:
            return

    def close(self) -> None:
        """Close the stream."""
        self._stream.close()


def claim_stdio() -> tuple[BinaryIO, BinaryIO]:
    """Return private copies of standard input and output, and leave others in their place.

    A stray print, also a library's or a child process', then goes to standard error instead of
    into the protocol, and a child that reads standard input finds it empty.

    Raises:
        OSError: One of them is closed.
    """
    for descriptor in (0, 1):  # else the copy of one would take the other's place
        os.fstat(descriptor)
    reader, writer = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    return reader, writer


def pump(stream: BinaryIO, frames: Frames) -> None:
    """Start reading ``stream`` into ``frames``; None follows the last frame.

    The thread is a daemon: a blocking read cannot be interrupted, and must not delay the exit.
    """
    loop = asyncio.get_running_loop()

    def put(frame: bytes | Malformed | None) -> None:
        # The server may have exited between two messages, and the loop with it.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(frames.put_nowait, frame)

    def run() -> None:
        # A socket ends with an error if the client has died before it read all: Node's pipes are sockets.
        with contextlib.suppress(OSError):
            for frame in read_frames(stream):
                put(frame)
        put(None)

    threading.Thread(target=run, name="read-stdin", daemon=True).start()
