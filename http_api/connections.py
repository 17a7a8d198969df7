"""Connections: none stays for long that asks for nothing.

Whoever can reach the port can open one, without a token, and a process has only so many: a thousand that never ask
for anything would keep everybody else out.  uvicorn looks after those that have asked before, and only as long as
they are silent.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys

from uvicorn.protocols.http.h11_impl import H11Protocol

# A connection on which no request has begun for so long, and none is being answered, is closed within as long again.
PATIENCE_S = 30.0

# Connections, files and pipes that the process may have, where the system lets it: many programs' limit is 1024.
MOST_FILES = 8192


class Connection(H11Protocol):
    """uvicorn's connection, that ends if nothing is asked for."""

    # Seconds between two looks.
    patience_s = PATIENCE_S

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to look whether anything is asked for."""
        super().connection_made(transport)
        self._look_later()

    def connection_lost(self, exc: Exception | None) -> None:
        """Look no more, and let go of all that was asked."""
        self._next_look.cancel()
        super().connection_lost(exc)
        # Where the client has reset it, uvicorn's timer and this would hold each other until the garbage collector
        # comes by, which counts objects and not what they hold.
        self._unset_keepalive_if_required()

    def _look_later(self) -> None:
        self._seen = self.cycle
        self._next_look = self.loop.call_later(self.patience_s, self._look)

    def _look(self) -> None:
        """End it if no request has begun since the last look and none is being answered."""
        answering = self.cycle is not None and not self.cycle.response_complete
        if answering or self.cycle is not self._seen:
            self._look_later()
        else:
            self.transport.close()


def allow_many() -> None:
    """Have the system let this process open ``MOST_FILES``, as far as it does."""
    if sys.platform != "win32":
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = MOST_FILES if hard == resource.RLIM_INFINITY else min(MOST_FILES, hard)
        if soft != resource.RLIM_INFINITY and soft < most:
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
