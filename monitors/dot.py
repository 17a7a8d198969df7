"""Monitor ``dot``: behind the dot of an attribute its name comes at once.

White space or a line break there is legal Python that hardly anybody writes, and the place where
a small model that has no name to offer escapes to.  A policy: what the user typed is left alone.
"""

from __future__ import annotations

from typing import Final

from analysis.facts import FactView
from monitors.base import FORBIDDEN, Factless, Kind, Lexed, Site

_DOT: Final = ord(".")
_BETWEEN: Final = frozenset(b" \t\f\r\n\\#")


class Dot(Factless):
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

    def advance(self, state: tuple[int, bool], text: Lexed, view: FactView) -> tuple[int, bool]:
        """Return the state after ``text``."""
        return max(0, state[0] - len(text.data)), _is_attribute_dot(text, len(text.data) - 1)

    def score(self, state: tuple[int, bool], text: Lexed, view: FactView) -> float:
        """Forbid what may stand between a dot and its name."""
        ahead, behind_dot = state
        for index, byte in enumerate(text.data):
            if behind_dot and byte in _BETWEEN and index >= ahead:
                return FORBIDDEN
            behind_dot = byte == _DOT and _is_attribute_dot(text, index)
        return 0.0


def _is_attribute_dot(text: Lexed, index: int) -> bool:
    return text.data[index] == _DOT and text.after[index].receiver is not None
