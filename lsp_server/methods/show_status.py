"""The command `verifill.showStatus`: say in words how things stand."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from lsprotocol import types

from lsp_server.front import Front


def show_status(ls: Front) -> dict[str, Any]:
    """Show the status in a message and return it."""
    ls.window_show_message(types.ShowMessageParams(types.MessageType.Info, f"Verifill: {_in_words(ls)}"))
    return asdict(ls.status.shown)


def _in_words(ls: Front) -> str:
    if ls.load_failed:
        return "the model could not be loaded"
    if ls.service is None:
        return "loading the model"
    message = ls.status.shown.message
    return f"ready; last answer: {message}" if message else "ready"
