"""`workspace/didChangeWatchedFiles`: a settings file was written."""

from __future__ import annotations

from lsprotocol import types

from lsp_server.following import check
from lsp_server.front import Front


def did_change_watched_files(ls: Front, params: types.DidChangeWatchedFilesParams) -> None:
    """Say now what is wrong with it; it counts from the next request on anyway."""
    check(ls)
