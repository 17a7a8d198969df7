"""`textDocument/didClose`: the document on disk is the truth again."""

from __future__ import annotations

from lsprotocol import types

from lsp_server.front import Front


def did_close(ls: Front, params: types.DidCloseTextDocumentParams) -> None:
    """Forget the text and whoever waits for a completion in it."""
    ls.flights.end(params.text_document.uri)
    ls.names.leave(params.text_document.uri)
    ls.cursors.pop(params.text_document.uri, None)
    ls.observer.closed(params.text_document.uri)
    ls.elsewhere.closed(params.text_document.uri)
    ls.documents.close(params.text_document.uri)
