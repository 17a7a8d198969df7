"""Why a reply has no text, as far as only a front can know it."""

from __future__ import annotations

import enum

from completion.types import Reason
from lsp_server.status import Command, Status


class FrontReason(enum.Enum):
    """Reasons beside ``completion.types.Reason``; the value is what the user sees."""

    DOCUMENT_NOT_OPEN = "document_not_open"
    POPUP_NOT_EXTENDED = "popup_not_extended"
    LANGUAGE_OFF = "language_off"
    LOAD_FAILED = "load_failed"
    FAILED = "failed"


AnyReason = Reason | FrontReason

_KINDS: dict[AnyReason, str] = {
    Reason.EXCLUDED_FILE: "Inactive",
    FrontReason.LANGUAGE_OFF: "Inactive",
    FrontReason.LOAD_FAILED: "Error",
    FrontReason.FAILED: "Error",
}


RESTART = "verifill.restartEngine"
_RESTART = Command("Restart the engine", RESTART)
_MENDS: dict[AnyReason, Command] = {FrontReason.LOAD_FAILED: _RESTART, FrontReason.FAILED: _RESTART}


def status_of(reason: AnyReason) -> Status:
    """Return what the status bar shows for a reason."""
    busy = reason is Reason.MODEL_LOADING
    return Status(_KINDS.get(reason, "Normal"), busy, reason.value, _MENDS.get(reason))
