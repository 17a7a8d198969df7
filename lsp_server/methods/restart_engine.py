"""The command `verifill.restartEngine`: end the engine, for all windows, and start another."""

from __future__ import annotations

from lsp_server.front import Front


def restart_engine(ls: Front) -> bool:
    """Begin to, and return True; a model that is loading goes on, and False is returned."""
    return ls.restart()
