"""`textDocument/didShowCompletion`: the user sees an item (a convention of Copilot's server)."""

from __future__ import annotations

from typing import Any

from lsp_server.front import Front

METHOD = "textDocument/didShowCompletion"


def did_show_completion(ls: Front, params: Any) -> None:
    """Note it.

    Args:
        ls: The window.
        params: ``{item}``, the item as it was given.
    """
    if (offer := ls.offers.of_item(params)) is not None:
        ls.observer.shown(offer)
