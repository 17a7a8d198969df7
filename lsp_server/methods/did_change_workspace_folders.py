"""`workspace/didChangeWorkspaceFolders`: each folder has settings of its own."""

from __future__ import annotations

from lsprotocol import types

from lsp_server.following import refresh
from lsp_server.front import Front


async def did_change_workspace_folders(ls: Front, params: types.DidChangeWorkspaceFoldersParams) -> None:
    """Take the new folders over, and ask for their settings; one that has a new name is both removed and added."""
    for folder in params.event.removed:
        ls.workspace.remove_folder(folder.uri)
    for folder in params.event.added:
        ls.workspace.add_folder(folder)
    await refresh(ls)
