"""What the editor's status bar shows, by Copilot's convention ``didChangeStatus``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

METHOD = "didChangeStatus"


@dataclass(frozen=True)
class Status:
    """One state of the status bar.

    Attributes:
        kind: "Normal", "Warning", "Error" or "Inactive".
        busy: Whether the model is loading.
        message: Reason code of the last silence, or certificate of the last text, or "".
    """

    kind: str = "Normal"
    busy: bool = False
    message: str = ""


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
            self._notify(METHOD, asdict(status))
