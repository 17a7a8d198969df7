"""`textDocument/didFocus`: the user looks at a document (a convention of Copilot's server)."""

from __future__ import annotations

from typing import Any

from lsp_server.front import Front
from lsp_server.warming import expect

METHOD = "textDocument/didFocus"


def did_focus(ls: Front, params: Any) -> None:
    """Have the engine read the document, and start it if it has ended for being idle.

    Args:
        ls: The window.
        params: ``{textDocument: {uri}}``.
    """
    uri = getattr(getattr(params, "textDocument", None), "uri", None)
    if isinstance(uri, str) and ls.documents.get(uri) is not None:
        ls.wake()
        expect(ls, uri)
