"""One module per method; here, which method is served by which."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lsprotocol import types

from lsp_server.methods import did_focus, did_partially_accept_completion, did_show_completion
from lsp_server.methods.did_accept import did_accept
from lsp_server.methods.did_change import did_change
from lsp_server.methods.did_change_configuration import did_change_configuration
from lsp_server.methods.did_change_watched_files import did_change_watched_files
from lsp_server.methods.did_change_workspace_folders import did_change_workspace_folders
from lsp_server.methods.did_close import did_close
from lsp_server.methods.did_open import did_open
from lsp_server.methods.did_save import did_save
from lsp_server.methods.exit import exit_
from lsp_server.methods.initialize import initialize
from lsp_server.methods.initialized import initialized
from lsp_server.methods.inline_completion import inline_completion
from lsp_server.methods.restart_engine import restart_engine
from lsp_server.methods.show_status import show_status
from lsp_server.methods.trace_last import trace_last
from lsp_server.offers import ACCEPTED
from lsp_server.reasons import RESTART

Handler = Callable[..., Any]

# Method, handler, options that are advertised.  Plain functions take microseconds and run where
# they are read, in the order of the messages; whatever waits is a coroutine, because pygls can
# cancel nothing else.  `shutdown` and `$/setTrace` are pygls' own.
FEATURES: tuple[tuple[str, Handler, Any], ...] = (
    (types.INITIALIZE, initialize, None),
    (types.INITIALIZED, initialized, None),
    (types.WORKSPACE_DID_CHANGE_CONFIGURATION, did_change_configuration, None),
    (types.WORKSPACE_DID_CHANGE_WATCHED_FILES, did_change_watched_files, None),
    (types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS, did_change_workspace_folders, None),
    (types.TEXT_DOCUMENT_DID_OPEN, did_open, None),
    (types.TEXT_DOCUMENT_DID_CHANGE, did_change, None),
    (types.TEXT_DOCUMENT_DID_SAVE, did_save, types.SaveOptions(include_text=True)),
    (types.TEXT_DOCUMENT_DID_CLOSE, did_close, None),
    # Without options pygls advertises nothing.
    (types.TEXT_DOCUMENT_INLINE_COMPLETION, inline_completion, types.InlineCompletionOptions()),
    (did_show_completion.METHOD, did_show_completion.did_show_completion, None),
    (did_partially_accept_completion.METHOD, did_partially_accept_completion.did_partially_accept_completion, None),
    (did_focus.METHOD, did_focus.did_focus, None),
    (types.EXIT, exit_, None),
)

COMMANDS: tuple[tuple[str, Handler], ...] = (
    (ACCEPTED, did_accept),
    (RESTART, restart_engine),
    ("verifill.showStatus", show_status),
    ("verifill.traceLast", trace_last),
)
