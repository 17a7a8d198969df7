"""`initialized`: the client is ready."""

from __future__ import annotations

from lsprotocol import types

from lsp_server.front import Front


def initialized(ls: Front, params: types.InitializedParams) -> None:
    """Start to load the model; nothing the client does will stop it."""
    ls.start_loading()
