"""`textDocument/didSave`: a moment when the true text is known."""

from __future__ import annotations

from lsprotocol import types

from lsp_server.front import Front


def did_save(ls: Front, params: types.DidSaveTextDocumentParams) -> None:
    """Compare the store with what was saved, and mend it if a client counts in its own way."""
    if not ls.documents.save(params.text_document.uri, params.text):
        ls.log("a document differed from the saved one and was replaced; please report your editor's version")
