"""From a completion to what clients insert."""

from __future__ import annotations

import re

from lsprotocol import types

from completion.types import CompletionResult
from lsp_server.snapshot import Snapshot

_LINE_END = re.compile(r"\r\n|\n|\r")


def to_items(snapshot: Snapshot, result: CompletionResult) -> list[types.InlineCompletionItem]:
    """Return an item for every different candidate with text, best first."""
    document, hole = snapshot.document, snapshot.hole
    position = document.positions.position
    texts = dict.fromkeys(with_line_ends(candidate.text, document.line_end) for candidate in result.candidates)
    return [
        types.InlineCompletionItem(
            insert_text=hole.head + text,
            range=types.Range(position(hole.start), position(hole.end)),
        )
        for text in texts
        if text
    ]


def with_line_ends(text: str, line_end: str) -> str:
    """Return ``text`` with every line ended as the document does it."""
    return _LINE_END.sub(line_end, text)
