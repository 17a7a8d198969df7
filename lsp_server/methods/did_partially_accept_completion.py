"""`textDocument/didPartiallyAcceptCompletion`: a word or a line was taken (a convention of Copilot's server)."""

from __future__ import annotations

from typing import Any

from lsp_server.front import Front

METHOD = "textDocument/didPartiallyAcceptCompletion"


def did_partially_accept_completion(ls: Front, params: Any) -> None:
    """Note it.

    Args:
        ls: The window.
        params: ``{item, acceptedLength}``, UTF-16 units from the start of the item's text.
    """
    offer, length = ls.offers.of_item(params), getattr(params, "acceptedLength", None)
    if offer is not None and isinstance(length, int) and (text := offer.accepted(length)):
        ls.counts.accepted_in_part += 1
        ls.observer.accepted(offer, text)
