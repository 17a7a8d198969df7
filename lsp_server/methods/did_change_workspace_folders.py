"""`workspace/didChangeWorkspaceFolders`: pygls keeps the folders; each has settings of its own."""

from __future__ import annotations

from lsprotocol import types

from lsp_server.following import refresh
from lsp_server.front import Front


async def did_change_workspace_folders(ls: Front, params: types.DidChangeWorkspaceFoldersParams) -> None:
    """Ask for the settings of the new ones."""
    await refresh(ls)
