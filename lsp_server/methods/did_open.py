"""`textDocument/didOpen`: the client owns a document's text from now on."""

from __future__ import annotations

from lsprotocol import types

from lsp_server.front import Front
from lsp_server.warming import expect


def did_open(ls: Front, params: types.DidOpenTextDocumentParams) -> None:
    """Take the text over, and have the engine read it; one that ended for being idle will be needed."""
    ls.documents.open(params.text_document)
    ls.elsewhere.opened(params.text_document.uri)
    ls.wake()
    expect(ls, params.text_document.uri)
