"""What was written last in each document: the likeliest guess at what is written at the next keystroke.

Editors keep what they show and ask nobody while it is typed along; programs ask at every key.  Who goes on
otherwise than suggested often comes back to it: an argument list, the rest of a line.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from models.vocabulary import Vocabulary

# Documents of which it is remembered.
DOCUMENTS = 64


@dataclass(frozen=True, slots=True)
class Written:
    """A middle.

    Attributes:
        start: Characters of the document before it.
        text: Its bytes, what the user had typed of it included.
        end: The token that ended it; none if something else did.
    """

    start: int
    text: bytes
    end: tuple[int, ...] = ()

    def since(self, before: str, start: int) -> bytes:
        """Return what stood, or was to stand, behind ``start`` characters of a document; ``before`` is its text."""
        if start <= self.start:
            return before[start : self.start].encode() + self.text
        return self.text[len(before[self.start : start].encode()) :]


class Previous:
    """The last middle of each document, of those seen last."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        """Guess ids of a vocabulary."""
        self._vocabulary = vocabulary
        self._held: OrderedDict[str, Written] = OrderedDict()

    def __len__(self) -> int:
        """Return the number of documents."""
        return len(self._held)

    def keep(self, path: str, written: Written) -> None:
        """Remember a document's middle instead of the one before."""
        self._held[path] = written
        self._held.move_to_end(path)
        if len(self._held) > DOCUMENTS:
            self._held.popitem(last=False)

    def guess(self, path: str, before: str, forced: Sequence[int], healed: bytes) -> tuple[int, ...]:
        """Return the middle as it was the last time, as ids; nothing where there was none.

        Args:
            path: The document's.
            before: Its text before the cursor.
            forced: Ids of what stands of the middle in the prompt.
            healed: What was typed behind them.
        """
        written = self._held.get(path)
        if written is None:
            return ()
        typed = self._vocabulary.decode(forced)
        old = written.since(before, len(before) - len((typed + healed).decode()))
        return (*spelled(self._vocabulary, old, typed, forced), *written.end)


def spelled(vocabulary: Vocabulary, old: bytes, typed: bytes, forced: Sequence[int]) -> tuple[int, ...]:
    """Return ``old`` as ids; where it begins with what was ``typed``, those begin with the ``forced`` ones."""
    if old.startswith(typed):
        return (*forced, *vocabulary.encode_bytes(old[len(typed) :]))
    return vocabulary.encode_bytes(old)
