"""From names and texts to the items of a popup list.

Clients sort by ``sortText`` and filter by ``filterText`` themselves while the user types on.
"""

from __future__ import annotations

from dataclasses import dataclass

from lsprotocol import types

from lsp_server.documents import TextDocument
from lsp_server.name_kinds import kind_of, usage_around
from lsp_server.names import Choice, NamesAt
from lsp_server.offers import Offer, command_of
from lsp_server.snapshot import Snapshot

# Nobody looks through more; the list then counts as incomplete, and typing on brings others.
MOST_ITEMS = 200

LONGEST_LABEL = 80
PRODUCT = "Verifill"


@dataclass(frozen=True)
class Taste:
    """What a client can show.

    Attributes:
        details: A second, pale label behind the first.
        as_is: Texts that it does not indent anew.
    """

    details: bool
    as_is: bool

    @classmethod
    def of(cls, capabilities: types.ClientCapabilities) -> Taste:
        """Read a client's capabilities."""
        document = capabilities.text_document
        item = document.completion.completion_item if document and document.completion else None
        modes = item.insert_text_mode_support if item else None
        return cls(
            details=bool(item and item.label_details_support),
            as_is=bool(modes and types.InsertTextMode.AsIs in modes.value_set),
        )


def list_of_names(snapshot: Snapshot, known: NamesAt, choice: Choice, taste: Taste) -> types.CompletionList:
    """Return names as a list; each replaces what is typed of it, the snapshot's hole."""
    span = span_of(snapshot.document, snapshot.hole.start, snapshot.hole.end)
    usage, listing = usage_around(known.request.document.text, known.request.offset), known.listing
    items = [
        types.CompletionItem(
            label=name,
            label_details=types.CompletionItemLabelDetails(description=listing.origin) if taste.details else None,
            kind=kind_of(name, listing.kind, usage),
            detail=None if taste.details else listing.origin,
            preselect=True if choice.clear and rank == 0 else None,
            sort_text=f"{rank:04}",
            text_edit=types.TextEdit(span, name),
            data=[known.number, name],
        )
        for rank, name in enumerate(choice.names[:MOST_ITEMS])
    ]
    return types.CompletionList(not choice.complete or len(items) < len(choice.names), items)


def list_of_text(snapshot: Snapshot, word: str, offer: Offer, taste: Taste) -> types.CompletionList:
    """Return a text as a list of one entry, which repeats the word that is typed in front of it."""
    document, text = snapshot.document, word + offer.text
    line = text.strip().partition("\n")[0].rstrip("\r")
    shortened = len(line) > LONGEST_LABEL or line != text.strip()
    item = types.CompletionItem(
        label=line[:LONGEST_LABEL] + "…" * shortened,
        label_details=types.CompletionItemLabelDetails(description=PRODUCT) if taste.details else None,
        kind=types.CompletionItemKind.Text,
        detail=None if taste.details else PRODUCT,
        documentation=types.MarkupContent(types.MarkupKind.Markdown, as_code(text, document.language)),
        filter_text=word or None,
        insert_text_mode=types.InsertTextMode.AsIs if taste.as_is else None,
        text_edit=types.TextEdit(span_of(document, offer.offset - len(word), offer.offset), text),
        command=command_of(offer),
    )
    # What the text is changes with every word that is typed.
    return types.CompletionList(is_incomplete=True, items=[item])


def span_of(document: TextDocument, start: int, end: int) -> types.Range:
    """Return the range between two offsets."""
    return types.Range(document.positions.position(start), document.positions.position(end))


def as_code(text: str, language: str) -> str:
    """Return Markdown that shows a text as code, whatever marks it has inside."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{language}\n{text}\n{fence}"


def described(item: types.CompletionItem, description: str) -> types.CompletionItem:
    """Return an item with the ways to call it, a line for each; with none it stays as it is."""
    if description:
        item.documentation = types.MarkupContent(types.MarkupKind.Markdown, as_code(description, "python"))
    return item
