"""`exit`: the end."""

from __future__ import annotations

from lsp_server.front import Front


def exit_(ls: Front, params: None = None) -> None:
    """Stop serving, with 0 if the client asked for `shutdown` before and 1 if not."""
    ls.exit_code = 0 if ls.protocol.shut_down else 1
