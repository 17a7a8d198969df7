"""The document store against a character-by-character reference."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lsprotocol import types
from lsprotocol.converters import get_converter

from lsp_server.documents import DocumentStore, TextDocument
from lsp_server.lines import lines_of
from lsp_server.positions import Positions
from tests.lsp_server import reference

TEXTS = st.text(st.sampled_from(reference.ALPHABET), max_size=30)
URI = "file:///w/a.py"
STRUCTURE = get_converter().structure


def opened(text: str, encoding: str = "utf-16") -> DocumentStore:
    store = DocumentStore(types.PositionEncodingKind(encoding))
    store.open(types.TextDocumentItem(URI, "python", 1, text))
    return store


def text_of(store: DocumentStore) -> str:
    document = store.get(URI)
    assert document is not None
    return document.text


def span(line: int, start: int, end: int) -> dict:
    return {"start": {"line": line, "character": start}, "end": {"line": line, "character": end}}


def changes(*raw: dict) -> list[types.TextDocumentContentChangeEvent]:
    params = {"textDocument": {"uri": URI, "version": 2}, "contentChanges": raw}
    return STRUCTURE(params, types.DidChangeTextDocumentParams).content_changes


@pytest.mark.parametrize("encoding", reference.ENCODINGS)
@given(text=TEXTS)
def test_every_offset_has_a_position_that_leads_back(encoding: str, text: str) -> None:
    """Offsets and positions are each other's inverse, and equal to the reference's."""
    positions = Positions(text, types.PositionEncodingKind(encoding))
    for at in range(len(text) + 1):
        place = positions.position(at)
        assert {"line": place.line, "character": place.character} == reference.position(text, at, encoding)
        # Between \r and \n lies no place of its own: it is the end of the line.
        inside = text[at - 1 : at + 1] == "\r\n" and at > 0
        assert positions.offset(place) == at - inside


@pytest.mark.parametrize("encoding", reference.ENCODINGS)
@given(text=TEXTS, line=st.integers(0, 12), character=st.integers(0, 40))
def test_any_position_is_clamped_as_the_reference_does(encoding: str, text: str, line: int, character: int) -> None:
    """Positions past a line's end, past the last line or inside a character move back to one that exists."""
    positions = Positions(text, types.PositionEncodingKind(encoding))
    expected = reference.offset(text, line, character, encoding)
    assert positions.offset(types.Position(line, character)) == expected


@pytest.mark.parametrize("encoding", reference.ENCODINGS)
@settings(max_examples=60, deadline=None)
@given(text=TEXTS, seed=st.integers(0, 2**32))
def test_random_edits_give_the_clients_text(encoding: str, text: str, seed: int) -> None:
    """After each of 20 edits, one or several to a notification, the store has the client's text."""
    store, chance = opened(text, encoding), random.Random(seed)
    edits = 0
    while edits < 20:
        batch = []
        for _ in range(chance.randrange(1, 4)):
            change, text = reference.random_edit(chance, text, encoding)
            batch.append(change)
        assert store.change(types.VersionedTextDocumentIdentifier(2, URI), changes(*batch))
        assert text_of(store) == text
        edits += len(batch)


def test_many_edits_at_once_look_through_the_text_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who replaces a name everywhere in a long file does not wait for each place."""
    store, looked_at = opened("value = 1\n" * 1000), 0

    def counting(text: str) -> list[str]:
        nonlocal looked_at
        looked_at += len(text)
        return lines_of(text)

    monkeypatch.setattr("lsp_server.lines.lines_of", counting)
    edits = [{"range": span(line, 0, 5), "text": "total"} for line in reversed(range(1000))]
    store.change(types.VersionedTextDocumentIdentifier(2, URI), changes(*edits))
    assert text_of(store) == "total = 1\n" * 1000
    assert looked_at < 5 * len(text_of(store))


@pytest.mark.parametrize(
    ("text", "line", "character", "expected"),
    [
        ("a\x0cb\nc", 1, 0, 4),
        ("a\u2028b\nc", 1, 0, 4),
        ("a\r\nb\rc\nd", 3, 0, 7),
        ("a\r\nb", 0, 9, 1),
        ("a\rb", 0, 9, 1),
        ("\r\r\n", 1, 9, 1),
        ("abc", 0, 9, 3),
        ("abc", 9, 0, 3),
        ("abc\n", 1, 9, 4),
        ("", 0, 9, 0),
        ("x😀y", 0, 1, 1),
        ("x😀y", 0, 2, 1),
        ("x😀y", 0, 3, 2),
    ],
)
def test_positions_where_stores_go_wrong(text: str, line: int, character: int, expected: int) -> None:
    """Form feeds and U+2028 end no line, a line's end is not clamped before its last character."""
    assert Positions(text, types.PositionEncodingKind.Utf16).offset(types.Position(line, character)) == expected


def test_a_range_the_wrong_way_round_is_turned() -> None:
    """Start and end are swapped when the end comes first."""
    store = opened("abcdef")
    swapped = {"start": {"line": 0, "character": 4}, "end": {"line": 0, "character": 1}}
    store.change(types.VersionedTextDocumentIdentifier(2, URI), changes({"range": swapped, "text": "-"}))
    assert text_of(store) == "a-ef"


def test_a_version_once_taken_does_not_change() -> None:
    """A snapshot stays as it was while the store goes on."""
    store = opened("old")
    before = store.get(URI)
    store.change(types.VersionedTextDocumentIdentifier(7, URI), changes({"text": "new"}))
    assert before == TextDocument(URI, "python", 1, "old", types.PositionEncodingKind.Utf16)
    assert store.get(URI) == TextDocument(URI, "python", 7, "new", types.PositionEncodingKind.Utf16)


def test_documents_that_are_not_open_are_left_alone() -> None:
    """Changing one does nothing and says so; saving or closing one is nothing."""
    store = DocumentStore(types.PositionEncodingKind.Utf16)
    assert not store.change(types.VersionedTextDocumentIdentifier(2, URI), changes({"text": "new"}))
    assert store.save(URI, "text")
    store.close(URI)
    assert store.get(URI) is None


def test_saving_mends_a_text_that_has_drifted() -> None:
    """The saved text wins, and the store says that it differed."""
    store = opened("drifted")
    assert not store.save(URI, "true")
    assert text_of(store) == "true"
    assert store.save(URI, "true")


@pytest.mark.parametrize(
    ("text", "expected"), [("a\r\nb\n", "\r\n"), ("a\nb\r\n", "\n"), ("a\rb", "\r"), ("a\x0c\u2028", "\n"), ("", "\n")]
)
def test_line_end_of_a_document(text: str, expected: str) -> None:
    """The first line end is the document's; without one it is a line feed."""
    assert TextDocument(URI, "python", 1, text).line_end == expected
