"""The open documents, kept equal to the client's.

This is not pygls' store: that one cuts lines where the protocol does not and moves a position
past the last line's end one character too far to the left (pygls 2.1.1).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from lsprotocol import types

from completion.cursor import LINE_END
from completion.texts import well_formed
from lsp_server.lines import Lines
from lsp_server.positions import Positions


@dataclass(frozen=True)
class TextDocument:
    """One version of an open document; an edit makes another.

    Attributes:
        uri: As the client spells it.
        language: Language id.
        version: The client's number of this version.
        text: Whole text with its own line ends; lone surrogates are U+FFFD, which is as long in
            every encoding.
        encoding: What the client counts characters in.
    """

    uri: str
    language: str
    version: int
    text: str
    encoding: types.PositionEncodingKind = types.PositionEncodingKind.Utf16

    @cached_property
    def positions(self) -> Positions:
        """The conversions for this text."""
        return Positions(self.text, self.encoding)

    @cached_property
    def line_end(self) -> str:
        """How this document ends its lines, by its first one; a line feed if it has only one."""
        found = LINE_END.search(self.text)
        return found.group() if found else "\n"

    def edited(self, *changes: types.TextDocumentContentChangeEvent) -> TextDocument:
        """Return the document after changes, of a range or of everything, each of what the one before it made."""
        lines = Lines(self.text, self.encoding)
        for change in changes:
            if isinstance(change, types.TextDocumentContentChangeWholeDocument):
                lines = Lines(well_formed(change.text), self.encoding)
            else:
                lines.replace(change.range, well_formed(change.text))
        return replace(self, text=lines.text)

    def behind(self, change: types.TextDocumentContentChangeEvent) -> int:
        """Return the offset behind what a change wrote that led to this version; the end after one of everything."""
        if isinstance(change, types.TextDocumentContentChangeWholeDocument):
            return len(self.text)
        start = min(self.positions.offset(change.range.start), self.positions.offset(change.range.end))
        return min(len(self.text), start + len(well_formed(change.text)))


class DocumentStore:
    """Open documents by URI."""

    def __init__(self, encoding: types.PositionEncodingKind) -> None:
        """Start with none open."""
        self._encoding = encoding
        self._documents: dict[str, TextDocument] = {}
        self._changes: Counter[str] = Counter()
        self._unsaved: dict[str, None] = {}
        self._total = 0

    def get(self, uri: str) -> TextDocument | None:
        """Return the newest version, or None if the document is not open."""
        return self._documents.get(uri)

    def changes_elsewhere(self, uri: str) -> int:
        """Return how often documents other than this one have been opened, changed or closed."""
        return self._total - self._changes[uri]

    def unsaved(self) -> Iterator[TextDocument]:
        """Yield the documents that were changed and not saved since, the one that was changed last first."""
        return (self._documents[uri] for uri in reversed(self._unsaved))

    def open(self, item: types.TextDocumentItem) -> None:
        """Take a document over from the client; one that is open already is replaced."""
        text = well_formed(item.text)
        self._count(item.uri)
        self._unsaved.pop(item.uri, None)
        self._documents[item.uri] = TextDocument(item.uri, item.language_id, item.version, text, self._encoding)

    def change(
        self,
        identifier: types.VersionedTextDocumentIdentifier,
        changes: Sequence[types.TextDocumentContentChangeEvent],
    ) -> bool:
        """Apply changes one after the other; False, and nothing done, if the document is not open."""
        document = self._documents.get(identifier.uri)
        if document is None:
            return False
        self._count(identifier.uri)
        self._unsaved.pop(identifier.uri, None)
        self._unsaved[identifier.uri] = None
        self._documents[identifier.uri] = replace(document.edited(*changes), version=identifier.version)
        return True

    def save(self, uri: str, text: str | None) -> bool:
        """Compare with the text that the client saved, if it tells; False if it differed and was taken over."""
        self._unsaved.pop(uri, None)
        document = self._documents.get(uri)
        if document is None or text is None or document.text == (saved := well_formed(text)):
            return True
        self._documents[uri] = replace(document, text=saved)
        return False

    def close(self, uri: str) -> None:
        """Forget a document; one that is not open is none."""
        self._unsaved.pop(uri, None)
        if self._documents.pop(uri, None) is not None:
            del self._changes[uri]
            self._total += 1

    def _count(self, uri: str) -> None:
        self._changes[uri] += 1
        self._total += 1
