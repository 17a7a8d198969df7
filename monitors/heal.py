"""Monitor ``heal``: what the user typed stands, however the model would have cut it into tokens.

The last bytes before the cursor are taken back from the prompt, because a token that ends at
the cursor may not be the one the model learned for the whole word.  They are written again,
byte for byte, before anything new.  Sound: the text before the cursor is not ours to change.
"""

from __future__ import annotations

from typing import Final

from analysis.facts import FactView
from analysis.lexing import LexicalState
from monitors.base import EVERYTHING, FORBIDDEN, NOTHING, Continuations, Factless, Kind, Lexed, Selective, Site

_ALL: Final = frozenset(range(256))


class Heal(Factless, Selective):
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

    def step(self, state: bytes | None, text: Lexed, view: FactView) -> tuple[float, bytes | None]:
        """Forbid what neither begins nor completes what is left, and an end before that."""
        if state == b"":
            return 0.0, state
        if text.is_suffix:
            return FORBIDDEN, state
        left = _rest(state, text.data)
        return (FORBIDDEN if left is None else 0.0), left

    def hears(self, state: bytes | None, scan: LexicalState) -> int:
        """Return nothing once all is written."""
        return NOTHING if state == b"" else EVERYTHING

    def continuations(self, state: bytes | None) -> Continuations | None:
        """Return what is left, while something is."""
        return Continuations((state,), priced=_ALL, price=FORBIDDEN) if state else None


def _rest(left: bytes | None, data: bytes) -> bytes | None:
    if left is None:
        return None
    size = min(len(left), len(data))
    return left[size:] if left[:size] == data[:size] else None
