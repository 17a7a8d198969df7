"""Monitor ``dot``: behind the dot of an attribute its name comes at once.

White space or a line break there is legal Python that hardly anybody writes, and the place where
a small model that has no name to offer escapes to.  A policy: what the user typed is left alone.
"""

from __future__ import annotations

from typing import Final

from analysis.facts import FactView
from analysis.python.scanner import Scan
from monitors.base import EVERYTHING, FORBIDDEN, Factless, Kind, Lexed, Selective, Site, bits

_DOT: Final = ord(".")
_DOTS: Final = bits(b".")
_BETWEEN: Final = frozenset(b" \t\f\r\n\\#")


class Dot(Factless, Selective):
    """One request.

    A state is the number of bytes of the typed part to come, and whether the last byte was the
    dot of an attribute.
    """

    name = "dot"
    kind = Kind.POLICY

    def __init__(self, site: Site) -> None:
        """Leave the typed part alone."""
        self._typed = len(site.typed)

    def start(self) -> tuple[int, bool]:
        """Return the state at the start of the middle."""
        return self._typed, False

    def step(self, state: tuple[int, bool], text: Lexed, view: FactView) -> tuple[float, tuple[int, bool]]:
        """Forbid what may stand between a dot and its name."""
        ahead, behind_dot = state
        if not ahead and not behind_dot and _DOT not in text.data:
            return 0.0, state
        penalty = 0.0
        for index, byte in enumerate(text.data):
            if behind_dot and byte in _BETWEEN and index >= ahead:
                penalty = FORBIDDEN
            behind_dot = byte == _DOT and _is_attribute_dot(text, index)
        return penalty, (max(0, ahead - len(text.data)), behind_dot)

    def hears(self, state: tuple[int, bool], scan: Scan) -> int:
        """Return the dot; on what was typed, and behind a dot, everything."""
        ahead, behind_dot = state
        return EVERYTHING if ahead or behind_dot else _DOTS


def _is_attribute_dot(text: Lexed, index: int) -> bool:
    return text.data[index] == _DOT and text.after[index].receiver is not None
