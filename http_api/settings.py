"""What the server is told when it starts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from completion.trust import is_trusted


@dataclass(frozen=True)
class ServerSettings:
    """Fixed for the server's life.

    Attributes:
        version: Verifill's version.
        token: What clients must send as ``Authorization: Bearer ...``.
        hosts: Values of the Host header, without port and in lower case, that mean this server.
        any_address: Whether a Host header may also be any IP address; a page that rebinds its
            own name to this machine cannot send one.
        workspace: Project folder of requests that name none.
        environment: The user's Python interpreter, or "" for the standard library alone; a
            request cannot choose it, because it is run.
        trusted: Whether who started the server trusts ``workspace``, even if it is on no list.
        exclude: Files in which nothing is suggested, as patterns (``completion.privacy``).
        exclude_context: Files that are not read for other files' sake.
        most_requests: Requests admitted at once, those that run included.
        most_body_bytes: Largest body of a request.
    """

    version: str
    token: str
    workspace: str
    hosts: frozenset[str] = frozenset(("localhost", "127.0.0.1", "::1"))
    any_address: bool = False
    environment: str = ""
    trusted: bool = False
    exclude: tuple[str, ...] = ()
    exclude_context: tuple[str, ...] = ()
    most_requests: int = 16
    most_body_bytes: int = 32_000_000

    def trusts(self, folder: str) -> bool:
        """Whether language servers may be started in a request's workspace."""
        return (self.trusted and Path(folder).is_relative_to(self.workspace)) or is_trusted(folder)
