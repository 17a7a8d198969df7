"""The server's text is the client's, over real pipes."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from tests.lsp_server import reference
from tests.lsp_server.scripted_server import digest
from tests.lsp_server.wire import Client

URI = "file:///w/a.py"


def completed_text(client: Client, text: str, encoding: str) -> None:
    """Check that a completion at the end of the document is made for ``text``."""
    place = reference.position(text, len(text), encoding)
    result = client.reply(client.complete(URI, place["line"], place["character"]))["result"]
    assert result["items"][0]["insertText"].endswith(digest(text, len(text)))


@pytest.mark.parametrize("encoding", reference.ENCODINGS)
def test_random_edits_with_completions_between(start: Callable[..., Client], encoding: str) -> None:
    """700 edits; after every seventh the service sees the client's text."""
    client, chance = start(), random.Random(encoding)
    client.ready(encoding)
    text = reference.random_text(chance, 200)
    client.open(URI, text)
    for batch in range(100):
        changes = []
        for _ in range(7):
            change, text = reference.random_edit(chance, text, encoding)
            changes.append(change)
        client.change(URI, *changes[:3], version=2 * batch)
        for change in changes[3:]:
            client.change(URI, change, version=2 * batch + 1)
        completed_text(client, text, encoding)


@pytest.mark.parametrize("character", ["\x0c", "\x0b", "\x1c", "\x85", "\u2028", "\u2029", "😀"])
def test_characters_that_end_no_line(shared: Client, character: str) -> None:
    """An edit behind one lands on the line where the client sees it."""
    shared.open(URI, f"a{character}b\r\nc\r\n")
    place = {"line": 1, "character": 1}
    shared.change(URI, {"range": {"start": place, "end": place}, "text": "d"})
    completed_text(shared, f"a{character}b\r\ncd\r\n", "utf-16")


def test_an_edit_between_carriage_return_and_line_feed(shared: Client) -> None:
    """Two line ends become one and two again."""
    shared.open(URI, "a\rb\nc")
    between = {"start": {"line": 1, "character": 0}, "end": {"line": 1, "character": 1}}
    shared.change(URI, {"range": between, "text": ""})
    completed_text(shared, "a\r\nc", "utf-16")
    whole = {"start": {"line": 0, "character": 1}, "end": {"line": 1, "character": 0}}
    shared.change(URI, {"range": whole, "text": "\r \n"})
    completed_text(shared, "a\r \nc", "utf-16")


def test_a_request_sees_the_text_as_it_was_when_it_came(client: Client) -> None:
    """Ten requests and edits in one write: each completion is made for its own version."""
    client.open(URI, "")
    uris = [f"file:///w/{index}.py" for index in range(10)]
    numbers = []
    for uri in uris:
        client.open(uri, "before\n")
        numbers.append(client.complete(uri, 1, 0))
        client.change(uri, {"text": "after\n"})
    for number in numbers:
        inserted = client.reply(number)["result"]["items"][0]["insertText"]
        assert inserted == digest("before\n", 7)


def test_saving_mends_a_text_that_has_drifted(client: Client) -> None:
    """The saved text is the truth; the client's log says that something was wrong."""
    client.open(URI, "drifted")
    client.notify("textDocument/didSave", {"textDocument": {"uri": URI}, "text": "true"})
    client.notify("textDocument/didSave", {"textDocument": {"uri": URI}, "text": "true"})
    completed_text(client, "true", "utf-16")
    assert len(client.notifications("window/logMessage")) == 1


def test_half_a_character_is_no_failure(shared: Client) -> None:
    """A lone surrogate, which JSON can spell, stands as U+FFFD."""
    shared.open(URI, "a\ud83d")
    completed_text(shared, "a\ufffd", "utf-16")
