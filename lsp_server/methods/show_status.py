"""The command `verifill.showStatus`: say in words how things stand."""

from __future__ import annotations

import os
from dataclasses import asdict
from functools import partial
from typing import Any

from lsprotocol import types

from lsp_server.front import Front


def show_status(ls: Front) -> dict[str, Any]:
    """Show the status in a message and return it, with the counts of this window's answers and what holds where."""
    ls.window_show_message(types.ShowMessageParams(types.MessageType.Info, f"Verifill: {_in_words(ls)}"))
    return {**ls.status.shown.as_dict(), **ls.counts.as_dict(), "workspaces": [_workspace(ls, f) for f in ls.folders]}


def _in_words(ls: Front) -> str:
    if ls.load_failed:
        return "the model could not be loaded"
    if ls.service is None:
        return "loading the model"
    message, answers = ls.status.shown.message, ls.counts.in_words()
    parts = ("ready", message and f"last answer: {message}", answers and f"answers: {answers}", ls.service.warning)
    return "; ".join(filter(None, (*parts, *map(partial(_python, ls), ls.folders))))


def _python(ls: Front, folder: str) -> str:
    """Say which Python a workspace folder's names are checked against."""
    found = ls.configuration.at(folder).interpreter
    return f"Python of {os.path.basename(folder)}: {found.path or 'none'} ({found.why})"


def _workspace(ls: Front, folder: str) -> dict[str, Any]:
    held = ls.configuration.at(folder)
    return {"folder": folder, "trusted": held.trusted, "interpreter": asdict(held.interpreter)}
