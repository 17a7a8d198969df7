"""What the language server is told when it starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class ServerSettings:
    """Fixed for the server's life.

    Attributes:
        version: Verifill's version, shown to the client.
        command: Settings given on the command line, above all others.
        trusted: Whether the user trusts every workspace that is opened here.
    """

    version: str = "0.1.0"
    command: Mapping[str, object] = field(default_factory=dict)
    trusted: bool = False
