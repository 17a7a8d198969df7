"""`initialize`: agree with the client on how to talk."""

from __future__ import annotations

from lsprotocol import types

from lsp_server.documents import DocumentStore
from lsp_server.front import Front
from lsp_server.methods.popup_offer import offer


def initialize(ls: Front, params: types.InitializeParams) -> None:
    """Take over the client's choices; pygls replies with the capabilities.

    The position encoding is the first of the client's that is one of the three, else UTF-16.
    """
    ls.documents = DocumentStore(types.PositionEncodingKind(ls.workspace.position_encoding))
    ls.protocol.trace = params.trace or types.TraceValue.Off
    ls.configuration.take(params.initialization_options)
    offer(ls)
