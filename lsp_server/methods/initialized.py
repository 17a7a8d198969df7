"""`initialized`: the client is ready."""

from __future__ import annotations

from lsprotocol import types

from lsp_server.following import follow
from lsp_server.front import Front
from lsp_server.methods.popup_offer import offer_later


async def initialized(ls: Front, params: types.InitializedParams) -> None:
    """Start to load the model, which nothing the client does will stop, and look at its settings meanwhile."""
    ls.start_loading()
    await follow(ls)
    await offer_later(ls)
