"""Replies without a text: the reason goes where it disturbs nobody, a failure once to the user."""

from __future__ import annotations

import traceback

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from completion.hosts.errors import for_users
from lsp_server.front import Front
from lsp_server.reasons import AnyReason, FrontReason, status_of


def silent(front: Front, method: str, reason: AnyReason) -> None:
    """Say in status bar, trace and counts why a method has nothing to show."""
    front.counts.silences[reason] += 1
    front.status.show(status_of(reason))
    front.trace(f"{method}: {reason.value}", front.counts.as_dict())


def failed(front: Front, method: str, error: Exception) -> FrontReason:
    """Raise for the first failure of a kind; the next ones are silent, as clients open a popup for each.

    An error's own text is left out unless it was written for users, because it may quote the document.

    Raises:
        JsonRpcException: -32803.
    """
    frame = traceback.extract_tb(error.__traceback__)[-1]
    cause = for_users(error) or f"{type(error).__name__} in {frame.name}, line {frame.lineno}"
    if not front.is_news(cause):
        return FrontReason.FAILED
    silent(front, method, FrontReason.FAILED)
    raise JsonRpcException(f"Verifill: completing failed: {cause}", types.LSPErrorCodes.RequestFailed.value) from error
