"""A connection with whole messages on it: four bytes of length, big-endian, then the message."""

from __future__ import annotations

import asyncio
import contextlib

from completion.hosts.messages import Malformed, Message, decode, encode

# Until the other side has shown who it is, it gets no memory of ours.
HANDSHAKE_BYTES = 4_096

# A document may have 32 MB (http_api.settings) and grows where JSON escapes it.
MESSAGE_BYTES = 256_000_000

_LENGTH_BYTES = 4

# Seconds for what is queued when a channel is closed.
LAST_WORDS_S = 1.0


class Channel:
    """One connection; for one event loop."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take over two streams."""
        self._reader = reader
        self._writer = writer

    def send(self, message: Message) -> None:
        """Queue a message; to a side that has gone, nothing is sent, and ``receive`` tells."""
        data = encode(message)
        self._writer.write(len(data).to_bytes(_LENGTH_BYTES, "big") + data)

    async def receive(self, limit: int = MESSAGE_BYTES) -> Message | None:
        """Return the next message, or None when the other side has gone.

        Raises:
            Malformed: What came is no message, or longer than ``limit`` bytes.
        """
        try:
            length = int.from_bytes(await self._reader.readexactly(_LENGTH_BYTES), "big")
            if length > limit:
                raise Malformed(f"a frame of {length} bytes, where {limit} are the most")
            return decode(await self._reader.readexactly(length))
        except (asyncio.IncompleteReadError, OSError):
            return None

    async def close(self) -> None:
        """Send what is queued and close; a side that does not take it in time, as a stopped process, misses it."""
        self._writer.close()
        with contextlib.suppress(OSError):  # TimeoutError is one
            async with asyncio.timeout(LAST_WORDS_S):
                await self._writer.wait_closed()
        self.abort()

    def abort(self) -> None:
        """Close at once."""
        self._writer.transport.abort()
