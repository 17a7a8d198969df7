"""What is left of a text while edits go over it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types

from lsp_server.documents import TextDocument
from lsp_server.retention import Edit, Retained, difference, edits_of

TEXT = Retained(((10, 20),))


@pytest.mark.parametrize(
    ("edit", "spans"),
    [
        (Edit(0, 0, 3), ((13, 23),)),
        (Edit(0, 5, 0), ((5, 15),)),
        (Edit(10, 10, 2), ((12, 22),)),
        (Edit(20, 20, 2), ((10, 20),)),
        (Edit(15, 15, 2), ((10, 15), (17, 22))),
        (Edit(12, 14, 1), ((10, 12), (13, 19))),
        (Edit(5, 12, 0), ((5, 13),)),
        (Edit(18, 30, 1), ((10, 18),)),
        (Edit(10, 20, 10), ()),
        (Edit(0, 99, 0), ()),
    ],
)
def test_an_edit(edit: Edit, spans: tuple[tuple[int, int], ...]) -> None:
    """Before, behind, within, across an end, and over all of it."""
    assert TEXT.after(edit).spans == spans


EDITS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 6), st.integers(0, 6)), max_size=8)


@given(EDITS)
def test_it_is_what_a_reference_with_marked_characters_says(edits: list[tuple[int, int, int]]) -> None:
    """A list in which each character of the accepted text is marked, edited as a list."""
    marked = [10 <= at < 20 for at in range(30)]
    left = TEXT
    for start, removed, inserted in edits:
        start = min(start, len(marked))
        edit = Edit(start, min(start + removed, len(marked)), inserted)
        marked[edit.start : edit.end] = [False] * inserted
        left = left.after(edit)
    assert [any(start <= at < end for start, end in left.spans) for at in range(len(marked))] == marked
    assert left.size == sum(marked)


@given(st.text("ab", max_size=12), st.text("ab", max_size=12))
def test_the_difference_of_two_texts_makes_one_of_the_other(old: str, new: str) -> None:
    """And is as short as a common beginning and a common end allow."""
    edit = difference(old, new)
    written = new[edit.start : edit.start + edit.inserted]
    assert old[: edit.start] + written + old[edit.end :] == new
    if old and new and old[0] == new[0]:
        assert edit.start > 0


def test_changes_of_a_message_follow_each_other() -> None:
    """Each counts from the text that the one before it made, in the client's units."""
    document = TextDocument("file:///a.py", "python", 1, "𝒳ab\ncd")
    place = types.Range(types.Position(0, 2), types.Position(0, 3))
    changes = [
        types.TextDocumentContentChangePartial(place, "xyz"),
        types.TextDocumentContentChangePartial(types.Range(types.Position(1, 0), types.Position(1, 1)), ""),
        types.TextDocumentContentChangeWholeDocument("𝒳xyzb\nd!"),
    ]
    assert list(edits_of(document, changes)) == [Edit(1, 2, 3), Edit(6, 7, 0), Edit(7, 7, 1)]
