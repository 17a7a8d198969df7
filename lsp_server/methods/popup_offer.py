"""Telling the client that there are popup lists: only where they are wanted, so that nobody is asked in vain."""

from __future__ import annotations

from typing import Final

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from lsp_server.front import Front
from lsp_server.methods.completion import completion
from lsp_server.methods.completion_resolve import completion_resolve
from lsp_server.popup import is_wanted
from lsp_server.uris import made_up_folder

_ID: Final = "popup"
_TRIGGERS: Final = ["."]


def offer(front: Front) -> bool:
    """Serve the methods if popups are wanted in some workspace folder and are not served yet; return whether it did.

    While the client is being initialized, that is enough for them to be among the server's capabilities.
    """
    folders = front.folders or (made_up_folder(()),)
    wanted = any(is_wanted(front, folder) for folder in folders)
    if not wanted or types.TEXT_DOCUMENT_COMPLETION in front.protocol.fm.features:
        return False
    options = types.CompletionOptions(trigger_characters=_TRIGGERS, resolve_provider=True)
    front.feature(types.TEXT_DOCUMENT_COMPLETION, options)(completion)
    front.feature(types.COMPLETION_ITEM_RESOLVE)(completion_resolve)
    return True


async def offer_later(front: Front) -> None:
    """Do the same after the settings have changed, and tell the client, if it can be told."""
    document = front.client_capabilities.text_document
    capability = document.completion if document else None
    if capability is None or not capability.dynamic_registration or not offer(front):
        return
    options = types.CompletionRegistrationOptions(trigger_characters=_TRIGGERS, resolve_provider=True)
    registration = types.Registration(_ID, types.TEXT_DOCUMENT_COMPLETION, options)
    try:
        await front.client_register_capability_async(types.RegistrationParams([registration]))
    except (JsonRpcException, TimeoutError) as error:
        front.log(f"the client takes no popup lists ({type(error).__name__})")
