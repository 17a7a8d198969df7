"""`textDocument/didClose`: the document on disk is the truth again."""

from __future__ import annotations

from lsprotocol import types

from lsp_server.front import Front


def did_close(ls: Front, params: types.DidCloseTextDocumentParams) -> None:
    """Forget the text and whoever waits for a completion in it."""
    ls.flights.supersede(params.text_document.uri)
    ls.documents.close(params.text_document.uri)
