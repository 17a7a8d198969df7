"""From a suggestion to what clients insert."""

from __future__ import annotations

from lsprotocol import types

from completion.cursor import LINE_END
from lsp_server.offers import Offer, command_of
from lsp_server.snapshot import Snapshot
from lsp_server.suggestions import Suggestion


def offers_of(snapshot: Snapshot, suggestion: Suggestion) -> list[Offer]:
    """Return what is offered of a suggestion, best first."""
    document, hole = snapshot.document, snapshot.hole
    return [
        Offer(f"{suggestion.number}.{place}", document.uri, hole.start + len(hole.head), hole.head, text)
        for place, text in enumerate(suggestion.texts)
    ]


def to_item(snapshot: Snapshot, offer: Offer) -> types.InlineCompletionItem:
    """Return the item for an offer: it replaces the line up to the cursor, or the selected popup entry."""
    position, hole = snapshot.document.positions.position, snapshot.hole
    return types.InlineCompletionItem(
        insert_text=offer.head + offer.text,
        range=types.Range(position(hole.start), position(hole.end)),
        command=command_of(offer),
    )


def with_line_ends(text: str, line_end: str) -> str:
    """Return ``text`` with every line ended as the document does it."""
    return LINE_END.sub(line_end, text)
