"""`textDocument/didChange`: the user edits."""

from __future__ import annotations

from lsprotocol import types

from lsp_server.front import Front
from lsp_server.warming import expect


def did_change(ls: Front, params: types.DidChangeTextDocumentParams) -> None:
    """Apply the changes in their order.

    A request in flight goes on: whether an answer for the older text is of use, the client decides.
    """
    if (document := ls.documents.get(params.text_document.uri)) is not None:
        ls.observer.edited(document, params.content_changes)
    if not ls.documents.change(params.text_document, params.content_changes):
        ls.log("a change of a document that is not open is ignored")
    elif params.content_changes:
        if (changed := ls.documents.get(params.text_document.uri)) is not None:
            ls.elsewhere.edited(changed.uri, changed.behind(params.content_changes[-1]))
        ls.debounce.keystroke()
        expect(ls, params.text_document.uri, params.content_changes[-1])
