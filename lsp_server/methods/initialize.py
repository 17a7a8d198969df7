"""`initialize`: agree with the client on how to talk."""

from __future__ import annotations

from lsprotocol import types

from completion.types import MOST_STRICTNESS
from lsp_server.documents import DocumentStore
from lsp_server.front import Front


def initialize(ls: Front, params: types.InitializeParams) -> None:
    """Take over the client's choices; pygls replies with the capabilities.

    The position encoding is the first of the client's that is one of the three, else UTF-16.
    """
    ls.documents = DocumentStore(types.PositionEncodingKind(ls.workspace.position_encoding))
    ls.protocol.trace = params.trace or types.TraceValue.Off
    options = params.initialization_options
    if options is None:
        return
    if not isinstance(options, dict):
        ls.log("initializationOptions is not an object and is ignored")
        return
    python = options.get("python", ls.environment)
    if isinstance(python, str):
        ls.environment = python
    else:
        ls.log(f"initializationOptions.python is not a string; using {ls.environment or 'no interpreter'!r}")
    strictness = options.get("strictness", ls.strictness)
    if isinstance(strictness, int | float) and 0 <= strictness <= MOST_STRICTNESS:
        ls.strictness = float(strictness)
    else:
        ls.log(f"initializationOptions.strictness is no number from 0 to {MOST_STRICTNESS:g}; using {ls.strictness:g}")
