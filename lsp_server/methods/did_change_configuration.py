"""`workspace/didChangeConfiguration`: the user has changed the editor's settings."""

from __future__ import annotations

from lsprotocol import types

from lsp_server.configuration import SECTION
from lsp_server.following import refresh
from lsp_server.front import Front
from lsp_server.methods.popup_offer import offer_later


async def did_change_configuration(ls: Front, params: types.DidChangeConfigurationParams) -> None:
    """Ask the client for them, or take those that it sent, under our section's name or by themselves."""
    settings = params.settings
    await refresh(ls, settings.get(SECTION, settings) if isinstance(settings, dict) else settings)
    await offer_later(ls)
