"""Following the client's settings and the settings files while the user changes them.

Clients that can be asked are asked (``workspace/configuration``): at the start, and whenever they say that something
has changed.  They are told what to watch, as far as they can be told.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from completion.settings.files import FILES
from lsp_server.configuration import SECTION
from lsp_server.front import Front
from lsp_server.uris import folder_of


async def follow(front: Front) -> None:
    """Have the client tell of changes, and take over its settings."""
    if registrations := list(_registrations(front.client_capabilities)):
        try:
            await front.client_register_capability_async(types.RegistrationParams(registrations))
        except (JsonRpcException, TimeoutError) as error:
            front.log(f"the client does not tell when settings change ({type(error).__name__})")
    await refresh(front)


async def refresh(front: Front, pushed: object = None) -> None:
    """Take over the client's settings, and say what is wrong with any.

    Args:
        front: The window.
        pushed: What the client sent by itself; used if it cannot be asked.
    """
    if not _answers(front.client_capabilities):
        front.configuration.take(pushed)
    else:
        try:
            await _pull(front)
        except (JsonRpcException, TimeoutError) as error:
            front.log(f"the client does not tell its settings ({type(error).__name__}); the old ones hold")
    check(front)


def check(front: Front) -> None:
    """Say what is wrong with the settings of each workspace folder."""
    for folder in front.folders:
        front.configuration.at(folder)


async def _pull(front: Front) -> None:
    """Ask for the settings of each workspace folder and of everything else."""
    folders = {uri: path for uri in front.folder_uris if (path := folder_of(uri)) is not None}
    items = [types.ConfigurationItem(scope_uri=uri, section=SECTION) for uri in (None, *folders)]
    answers = await front.workspace_configuration_async(types.ConfigurationParams(items))
    for folder, answer in zip((None, *folders.values()), answers, strict=False):
        front.configuration.take(answer, folder)


def _answers(capabilities: types.ClientCapabilities) -> bool:
    """Whether the client can be asked."""
    return capabilities.workspace is not None and bool(capabilities.workspace.configuration)


def _registrations(capabilities: types.ClientCapabilities) -> Iterator[types.Registration]:
    """Yield what the client shall tell."""
    workspace = capabilities.workspace
    if workspace is None:
        return
    if workspace.did_change_configuration and workspace.did_change_configuration.dynamic_registration:
        yield types.Registration("settings", types.WORKSPACE_DID_CHANGE_CONFIGURATION, {"section": SECTION})
    if workspace.did_change_watched_files and workspace.did_change_watched_files.dynamic_registration:
        watchers = [types.FileSystemWatcher(f"**/{name}") for name, _ in FILES]
        options = types.DidChangeWatchedFilesRegistrationOptions(watchers)
        yield types.Registration("files", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)
