"""Which other documents a request brings along: what its language server would read otherwise than it is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from lsprotocol import types

from completion.types import Document
from lsp_server import unsaved
from lsp_server.documents import DocumentStore, TextDocument
from lsp_server.unsaved import unsaved_beside
from tests.lsp_server.wire import Client


def opened(*names: str, language: str = "typescript", folder: str = "/p") -> DocumentStore:
    """Return a store with these files open, as they are on disk."""
    store = DocumentStore(types.PositionEncodingKind.Utf16)
    for name in names:
        store.open(types.TextDocumentItem(f"file://{folder}/{name}", language, 1, "old"))
    return store


def edit(store: DocumentStore, uri: str, text: str = "new") -> None:
    """Change a document."""
    changed = types.TextDocumentContentChangeWholeDocument(text)
    assert store.change(types.VersionedTextDocumentIdentifier(uri=uri, version=2), [changed])


def beside(store: DocumentStore, uri: str) -> tuple[Document, ...]:
    """Return what goes along with a request; a workspace is a file's first folder."""

    def whereabouts(document: TextDocument) -> tuple[str, str]:
        path = document.uri.partition("://")[2] or "/p/untitled"
        return path, "/".join(path.split("/")[:2])

    document = store.get(uri)
    assert document is not None
    return unsaved_beside(document, store.unsaved(), whereabouts)


def test_a_document_is_unsaved_from_its_first_change_until_it_is_saved_or_closed() -> None:
    """Whether the client tells what it saved or not; opened again it is what is on disk."""
    here, there = "file:///p/a.ts", "file:///p/b.ts"
    store = opened("a.ts", "b.ts")
    for end in (lambda: store.save(there, None), lambda: store.save(there, "new"), lambda: store.close(there)):
        assert beside(store, here) == ()
        edit(store, there)
        assert beside(store, here) == (Document("/p/b.ts", "new", "typescript"),)
        end()
    assert beside(store, here) == ()
    store.open(types.TextDocumentItem(there, "typescript", 1, "old"))
    edit(store, there)
    store.open(types.TextDocumentItem(there, "typescript", 1, "old"))
    assert beside(store, here) == ()


def test_only_what_the_server_reads_goes_along() -> None:
    """Not the document itself, nor other projects' files, other servers' languages, or what is no file."""
    store = opened("a.ts", "b.js", "c.go", "d.py")
    for uri, language in (("file:///q/e.ts", "typescript"), ("untitled:f", "typescript")):
        store.open(types.TextDocumentItem(uri, language, 1, "old"))
    names = {"b.js": "javascript", "c.go": "go", "d.py": "python"}
    for name, language in names.items():
        store.open(types.TextDocumentItem(f"file:///p/{name}", language, 1, "old"))
    for name in ("a.ts", *names):
        edit(store, f"file:///p/{name}")
    edit(store, "file:///q/e.ts")
    edit(store, "untitled:f")
    assert beside(store, "file:///p/a.ts") == (Document("/p/b.js", "new", "javascript"),)
    assert beside(store, "file:///p/c.go") == beside(store, "file:///p/d.py") == ()


def test_other_files_see_the_headers_only() -> None:
    """Of C and C++: reading other sources too would cost and change nothing."""
    store = opened("a.cpp", "b.cpp", "c.hpp", "d.h", language="cpp")
    for name in ("b.cpp", "c.hpp", "d.h"):
        edit(store, f"file:///p/{name}")
    assert [each.path for each in beside(store, "file:///p/a.cpp")] == ["/p/c.hpp", "/p/d.h"]


def test_it_is_not_more_than_fits() -> None:
    """The documents that were changed last go along; their order says nothing of that."""
    names = [f"{number:02}.ts" for number in range(unsaved.MOST_DOCUMENTS + 2)]
    store = opened("a.ts", *names)
    for name in reversed(names):
        edit(store, f"file:///p/{name}")
    assert [each.path for each in beside(store, "file:///p/a.ts")] == [f"/p/{name}" for name in names[:-2]]
    edit(store, "file:///p/00.ts", "x" * (unsaved.MOST_CHARACTERS - 5))
    assert [len(each.text) for each in beside(store, "file:///p/a.ts")][1:] == [3]


@pytest.mark.parametrize("trusted", [True, False])
def test_requests_carry_what_is_not_saved(start: Callable[..., Client], trusted: bool) -> None:
    """Where a language server may run at all."""
    client = start()
    client.ready(initializationOptions={"trusted": trusted})
    here, there = "file:///w/here.ts", "file:///w/bank.ts"
    client.open(here, "unsaved\n", language="typescript")
    client.open(there, "", language="typescript")

    def unsaved_there() -> str:
        result = client.reply(client.complete(here, 0, 7))["result"]
        return str(result["items"][0]["insertText"]).removeprefix("unsaved") if result else ""

    assert unsaved_there() == ""
    at = {"line": 0, "character": 0}
    client.change(there, {"range": {"start": at, "end": at}, "text": "rate = 3"})
    assert unsaved_there() == ("/w/bank.ts:rate = 3" if trusted else "")
    client.notify("textDocument/didSave", {"textDocument": {"uri": there}})
    client.change(here, {"range": {"start": at, "end": at}, "text": "\n"})
    result = client.reply(client.complete(here, 1, 7))["result"]
    assert not result or "bank" not in str(result)
