"""Monitor ``heal``: what the user typed stands, however the model would have cut it into tokens.

The last bytes before the cursor are taken back from the prompt, because a token that ends at
the cursor may not be the one the model learned for the whole word.  They are written again,
byte for byte, before anything new.  Sound: the text before the cursor is not ours to change.
"""

from __future__ import annotations

from analysis.facts import FactView
from monitors.base import FORBIDDEN, Continuations, Factless, Kind, Lexed, Site


class Heal(Factless):
    """The middle begins with the typed part.

    A state is the bytes of the typed part that are still to be written, or None behind a
    text that wrote something else.
    """

    name = "heal"
    kind = Kind.SOUND

    def __init__(self, site: Site) -> None:
        """Watch one request."""
        self._typed = site.typed

    def start(self) -> bytes | None:
        """Return the whole typed part."""
        return self._typed

    def advance(self, state: bytes | None, text: Lexed, view: FactView) -> bytes | None:
        """Return what is left to write."""
        return _rest(state, text.data)

    def score(self, state: bytes | None, text: Lexed, view: FactView) -> float:
        """Forbid what neither begins nor completes what is left, and an end before that."""
        if text.is_suffix:
            return FORBIDDEN if state != b"" else 0.0
        return FORBIDDEN if _rest(state, text.data) is None else 0.0

    def continuations(self, state: bytes | None) -> Continuations | None:
        """Return what is left, while something is."""
        return Continuations((state,)) if state else None


def _rest(left: bytes | None, data: bytes) -> bytes | None:
    if left is None:
        return None
    size = min(len(left), len(data))
    return left[size:] if left[:size] == data[:size] else None
