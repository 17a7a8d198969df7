"""What other open documents tell."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from lsprotocol import types

from completion.types import Snippet
from lsp_server.documents import DocumentStore, TextDocument
from lsp_server.elsewhere import LINES_BEFORE, LINES_BEHIND, MOST_CHARACTERS, MOST_REGIONS, Elsewhere, region
from tests.lsp_server.wire import Client

HERE = "file:///w/here.py"


def opened(*names: str) -> tuple[Elsewhere, DocumentStore]:
    """Open documents, each with its name as text."""
    elsewhere, store = Elsewhere(), DocumentStore(types.PositionEncodingKind.Utf16)
    for name in names:
        store.open(types.TextDocumentItem(name, "python", 0, f"{name} = 1\n"))
        elsewhere.opened(name)
    return elsewhere, store


def path_of(document: TextDocument) -> str | None:
    """Return the name, but not of what is private."""
    return None if document.uri == "private" else f"/{document.uri}"


def test_documents_edited_last_come_last() -> None:
    """Edited ones count more than opened ones, the current one and private ones not at all."""
    elsewhere, store = opened("a", "b", "c", "private", "here")
    elsewhere.edited("b", 2)
    elsewhere.edited("a", 2)
    found = elsewhere.regions("here", store.get, path_of)
    assert found == (Snippet("/c", "c = 1\n"), Snippet("/b", "b = 1\n"), Snippet("/a", "a = 1\n"))
    elsewhere.edited("here", 3)
    assert elsewhere.regions("here", store.get, path_of) == found
    elsewhere.opened("b")
    assert [snippet.path for snippet in elsewhere.regions("here", store.get, path_of)] == ["/c", "/b", "/a"]
    elsewhere.closed("b")
    assert [snippet.path for snippet in elsewhere.regions("here", store.get, path_of)] == ["/c", "/a"]


def test_few_regions_go_along() -> None:
    """However many documents are open."""
    elsewhere, store = opened(*map(str, range(20)))
    assert len(elsewhere.regions("here", store.get, path_of)) == MOST_REGIONS


def test_region() -> None:
    """Whole lines around the edit, with line feeds; at the ends what there is."""
    text = "".join(f"{n}\r\n" for n in range(100))
    kept = region(text, text.index("50\r\n")).split("\n")
    assert kept == [str(n) for n in range(50 - LINES_BEFORE, 50 + LINES_BEHIND + 1)] + [""]
    assert region(text, 0) == "".join(f"{n}\n" for n in range(LINES_BEHIND + 1))
    assert region(text, len(text)).endswith("98\n99\n")
    assert region("short", 99) == "short\n"
    assert len(region("x" * 100_000, 5)) <= MOST_CHARACTERS + 1


def test_a_region_is_the_same_in_a_long_document() -> None:
    """What lies beyond its lines plays no part."""
    text = "".join(f"{'a' * 60} {n}\r\n" for n in range(100))
    at = text.index(" 50\r\n")
    beyond = "b" * 60 + "\r\n"
    assert region(beyond * 1000 + text + beyond * 1000, at + 1000 * len(beyond)) == region(text, at)


@pytest.mark.parametrize("sources", [["open_files"], None])
def test_requests_carry_the_other_documents(start: Callable[..., Client], sources: list[str] | None) -> None:
    """Of the same language, where they were edited, if the user wants it; typing changes nothing of it."""
    client = start()
    client.ready(initializationOptions={"context": sources})
    client.open("file:///w/bank.py", "rate = 3\n")
    client.open("file:///w/page.html", "<p>\n", language="html")
    client.open("file:///w/key.pem", "secret\n")
    client.open(HERE, "context\n")

    def context() -> str:
        result = client.reply(client.complete(HERE, 0, 7))["result"]
        return str(result["items"][0]["insertText"]).removeprefix("context") if result else ""

    expected = "/w/bank.py:rate = 3" if sources else ""
    assert context() == expected
    end = {"line": 1, "character": 0}
    client.change(HERE, {"range": {"start": end, "end": end}, "text": "more = 1\n"})
    assert context() == expected
