"""How much of an accepted text is still there while the user edits on: spans of characters, and no text.

Pure values.  Offsets are in characters.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lsprotocol import types

from completion.texts import well_formed
from lsp_server.documents import TextDocument


@dataclass(frozen=True)
class Edit:
    """A replacement.

    Attributes:
        start: Offset of the first removed character.
        end: Offset behind the last one.
        inserted: Number of characters that took their place.
    """

    start: int
    end: int
    inserted: int


@dataclass(frozen=True)
class Retained:
    """What is left of a text.

    Attributes:
        spans: Where it stands, each from and to; in order.
    """

    spans: tuple[tuple[int, int], ...]

    @property
    def size(self) -> int:
        """Characters left."""
        return sum(end - start for start, end in self.spans)

    def after(self, edit: Edit) -> Retained:
        """Return what is left after an edit; what is inserted into the text is none of it."""
        moved = edit.inserted - (edit.end - edit.start)
        pieces = (
            piece
            for start, end in self.spans
            for piece in (
                (start, min(end, edit.start)),
                (max(start, edit.end) + moved, end + moved),
            )
        )
        return Retained(tuple((start, end) for start, end in pieces if start < end))


def edits_of(document: TextDocument, changes: Iterable[types.TextDocumentContentChangeEvent]) -> Iterator[Edit]:
    """Yield the edits that changes make, one after the other, from the version that they start from."""
    for change in changes:
        if isinstance(change, types.TextDocumentContentChangeWholeDocument):
            yield difference(document.text, well_formed(change.text))
        else:
            offset = document.positions.offset
            start, end = sorted((offset(change.range.start), offset(change.range.end)))
            yield Edit(start, end, len(well_formed(change.text)))
        document = document.edited(change)


def difference(old: str, new: str) -> Edit:
    """Return one edit that makes ``new`` of ``old``: between their common beginning and their common end."""
    start = _common(old, new)
    rest = min(len(old), len(new)) - start
    end = _common(old[len(old) - rest :][::-1], new[len(new) - rest :][::-1])
    return Edit(start, len(old) - end, len(new) - end - start)


def _common(one: str, other: str) -> int:
    return len(os.path.commonprefix((one, other)))
