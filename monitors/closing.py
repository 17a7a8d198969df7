"""Monitor ``closing``: what is open is closed, and the statement ends.

Not one that a request begins with: the loop adds it where a middle that came to no end is written
again from a place at which it could have had one (``decoding.landing``).
A policy: the loop has seen that the text stands like this.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from analysis.facts import FactView
from monitors.base import FORBIDDEN, Continuations, Factless, Kind, Lexed

_ALL: Final = frozenset(range(256))
_LINE_ENDS: Final = b"\r\n"
_DEAD: Final = -1


@dataclass(frozen=True)
class Closing(Factless):
    """One text that has to come next, and behind it the end, or a line end that ends the statement.

    A state is how many bytes of it are written, one more behind the line end, where anything may stand.

    Attributes:
        text: Closing brackets and quotes, a header's colon; may be empty.
    """

    name = "closing"
    kind = Kind.POLICY

    text: bytes

    def start(self) -> int:
        """Return the state with nothing written."""
        return 0

    def step(self, state: int, text: Lexed, view: FactView) -> tuple[float, int]:
        """Forbid all else, and to end before everything is closed."""
        if text.is_suffix:
            return (0.0 if state >= len(self.text) else FORBIDDEN), state
        for byte, after in zip(text.data, text.after, strict=True):
            if state == _DEAD or state > len(self.text):
                break
            wanted = self.text[state : state + 1] or (_LINE_ENDS if after.at_line_start else b"")
            state = state + 1 if byte in wanted else _DEAD
        return (FORBIDDEN if state == _DEAD else 0.0), state

    def continuations(self, state: int) -> Continuations | None:
        """Return what is left to write, while something is."""
        left = self.text[state:] if state != _DEAD else b""
        return Continuations((left,), priced=_ALL, price=FORBIDDEN) if left else None
