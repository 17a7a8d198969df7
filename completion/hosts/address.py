"""Where an engine listens: a Unix socket, or a port of this machine where there are none."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from pathlib import Path

from completion.hosts.channel import Channel

# The system's limit is 108 bytes on Linux and 104 on macOS.
_LONGEST_PATH = 100


def listen(path: Path) -> tuple[socket.socket, str]:
    """Listen at a Unix socket, else on the loopback interface, and return the address, too.

    Args:
        path: Of the Unix socket; a leftover there is replaced.
    """
    if not hasattr(socket, "AF_UNIX") or len(str(path).encode()) > _LONGEST_PATH:
        server = socket.create_server(("127.0.0.1", 0))
        return server, f"tcp:{server.getsockname()[1]}"
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(str(path))
    path.chmod(0o600)
    server.listen()
    return server, f"unix:{path}"


async def connect(address: str) -> Channel:
    """Connect to an engine.

    Raises:
        OSError: Nobody listens there.
    """
    kind, _, where = address.partition(":")
    if kind == "unix":
        return Channel(*await asyncio.open_unix_connection(where))
    return Channel(*await asyncio.open_connection("127.0.0.1", int(where)))
