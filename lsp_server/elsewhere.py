"""What the other open documents can tell the model: the region of each that was edited last.

Typing in one document changes no other, so what goes along with its requests stays the same, and with it the
beginning of the prompt.
"""

from __future__ import annotations

from collections.abc import Callable

from completion.cursor import LINE_END
from completion.types import Snippet
from lsp_server.documents import TextDocument

# Regions that go along; the model's share for them holds few (``completion.prompt``).
MOST_REGIONS = 4

LINES_BEFORE = 24
LINES_BEHIND = 16

# Regions of lines longer than a person writes are cut.
MOST_CHARACTERS = 4000

# Characters on either side of an edit in which those lines are looked for, however long the document is.
NEARBY = 5 * MOST_CHARACTERS


class Elsewhere:
    """Where each open document was edited last, the documents in the order of that."""

    def __init__(self) -> None:
        """Know of none."""
        self._opened: dict[str, int] = {}
        self._edited: dict[str, int] = {}

    def opened(self, uri: str) -> None:
        """Note a document that was opened: until it is edited, its beginning counts, and it less than edited ones."""
        self._edited.pop(uri, None)
        self._opened[uri] = 0

    def edited(self, uri: str, offset: int) -> None:
        """Note an edit that ended at an offset."""
        self._opened.pop(uri, None)
        self._edited.pop(uri, None)
        self._edited[uri] = offset

    def closed(self, uri: str) -> None:
        """Forget a document."""
        self._opened.pop(uri, None)
        self._edited.pop(uri, None)

    def regions(
        self, here: str, find: Callable[[str], TextDocument | None], path_of: Callable[[TextDocument], str | None]
    ) -> tuple[Snippet, ...]:
        """Return regions of the documents other than ``here``, those edited last at the end.

        Args:
            here: URI of the document that is completed.
            find: Returns an open document.
            path_of: Returns its path, or None if it must not be read for another one's sake.
        """
        found: list[Snippet] = []
        for uri, offset in [*reversed(self._edited.items()), *reversed(self._opened.items())]:
            document = None if uri == here else find(uri)
            path = None if document is None else path_of(document)
            if document is not None and path is not None and len(found) < MOST_REGIONS:
                text = region(document.text, offset)
                if text.strip():
                    found.append(Snippet(path, text))
        return tuple(reversed(found))


def region(text: str, offset: int) -> str:
    """Return the whole lines around an offset, line ends as line feeds."""
    cut = max(0, offset - NEARBY)
    lines = LINE_END.split(text[cut : offset + NEARBY])
    at = len(LINE_END.findall(text, cut, offset))
    start = max(0, at - LINES_BEFORE)
    kept = "\n".join(lines[start : at + LINES_BEHIND + 1])[:MOST_CHARACTERS]
    return kept.rstrip("\n") + "\n"
