"""`textDocument/didOpen`: the client owns a document's text from now on."""

from __future__ import annotations

from lsprotocol import types

from lsp_server.front import Front


def did_open(ls: Front, params: types.DidOpenTextDocumentParams) -> None:
    """Take the text over."""
    ls.documents.open(params.text_document)
