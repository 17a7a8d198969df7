"""Other open documents that are not on disk as they are here: language servers have to see them so."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from analysis.analyzers.language_servers.catalogue import Server, server_of
from completion.types import Document
from lsp_server.documents import TextDocument

# What goes along with each request is little: documents are saved sooner or later.
MOST_DOCUMENTS = 8
MOST_CHARACTERS = 250_000


def unsaved_beside(
    document: TextDocument, unsaved: Iterable[TextDocument], whereabouts: Callable[[TextDocument], tuple[str, str]]
) -> tuple[Document, ...]:
    """Return the unsaved files of a document's project that its language server reads, by path.

    Args:
        document: The one that is completed.
        unsaved: All that are unsaved, the one that was changed last first: it counts most.
        whereabouts: Returns a document's path and workspace.
    """
    path, workspace = whereabouts(document)
    server = server_of(document.language, path)
    found: dict[str, Document] = {}
    room = MOST_CHARACTERS
    for other in unsaved if server is not None else ():
        there, its_workspace = whereabouts(other)
        read = server_of(other.language, there) is server and _is_shared(there, server)
        if not read or its_workspace != workspace or other.uri == document.uri or not other.uri.startswith("file:"):
            continue
        if len(found) < MOST_DOCUMENTS and len(other.text) <= room:
            room -= len(other.text)
            found[there] = Document(there, other.text, other.language)
    return tuple(found[there] for there in sorted(found))


def _is_shared(path: str, server: Server | None) -> bool:
    """Whether other files can see something of this one."""
    return server is not None and (not server.shared or path.lower().endswith(server.shared))
