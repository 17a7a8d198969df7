"""What the language server is told when it starts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ServerSettings:
    """Defaults that hold until the client says otherwise.

    Attributes:
        version: Verifill's version, shown to the client.
        environment: The user's Python interpreter, or "" for the standard library alone; the
            client's ``initializationOptions.python`` replaces it.
        invoked_candidates: Alternatives offered when the user asks explicitly; typing gets one.
    """

    version: str = "0.1.0"
    environment: str = ""
    invoked_candidates: int = 3
