"""What the editor's status bar shows, by Copilot's convention ``didChangeStatus``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

METHOD = "didChangeStatus"


@dataclass(frozen=True)
class Command:
    """A command of this server, as in ``workspace/executeCommand``."""

    title: str
    command: str


@dataclass(frozen=True)
class Status:
    """One state of the status bar.

    Attributes:
        kind: "Normal", "Warning", "Error" or "Inactive".
        busy: Whether the model is loading.
        message: Reason code of the last silence, or certificate of the last text, or "".
        command: What mends it, for a click; None if there is nothing to do.
    """

    kind: str = "Normal"
    busy: bool = False
    message: str = ""
    command: Command | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return it as clients get it: without a command that is none."""
        return {name: value for name, value in asdict(self).items() if value is not None}


class StatusBar:
    """Tells the client its status when it changes."""

    def __init__(self, notify: Callable[[str, dict[str, Any]], None]) -> None:
        """Send through ``notify(method, params)``."""
        self._notify = notify
        self._shown: Status | None = None

    @property
    def shown(self) -> Status:
        """What the client was told last."""
        return self._shown or Status()

    def show(self, status: Status) -> None:
        """Tell the client, unless it knows."""
        if status != self._shown:
            self._shown = status
            self._notify(METHOD, status.as_dict())
