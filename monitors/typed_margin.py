"""Monitor ``margins`` of languages other than Python: a line begins where the user has put the cursor.

What may not stand here: blanks right behind an indentation that is as deep as the lines before ask for.
A small model likes to write a line's indentation once more.
Silent: where less is typed than that, behind anything but blanks, and inside strings and comments.
A policy: the languages leave indentation free.
"""

from __future__ import annotations

from typing import Any, Final

from analysis.facts import FactView
from analysis.lexing import LexicalState
from analysis.python.scanner import Mode
from monitors.base import FORBIDDEN, Factless, Kind, Lexed, Site
from monitors.stopping import column_of

_BLANKS: Final = b" \t"
_OPENERS: Final = (b"{", b"(", b"[", b":")
_FREE: Final = -1
_DEAD: Final = -2


class TypedMargin(Factless):
    """One request.

    A state is the number of bytes of the typed part to come; ``_FREE`` where nothing is asked any more, ``_DEAD``
    behind a blank that was forbidden.
    """

    name = "margins"
    kind = Kind.POLICY

    def __init__(self, site: Site[Any]) -> None:
        """Compare what was typed with the line before."""
        blank = bool(site.typed) and not site.typed.strip()
        asks = blank and site.start.mode is Mode.CODE and _is_deep(site.document.prefix, site.typed)
        self._start = len(site.typed) if asks else _FREE

    def start(self) -> int:
        """Return the state at the start of the middle."""
        return self._start

    def step(self, state: int, text: Lexed[LexicalState], view: FactView) -> tuple[float, int]:
        """Forbid a blank as the first new byte."""
        if state >= 0 and not text.is_suffix:
            rest = text.data[state:]
            state = state - len(text.data) if not rest else _DEAD if rest[0] in _BLANKS else _FREE
        return (FORBIDDEN if state == _DEAD else 0.0), state


def _is_deep(prefix: str, typed: bytes) -> bool:
    """Whether an indentation is as deep as the last line with text asks for."""
    line = next((line for line in reversed(prefix[-4096:].split("\n")) if line.strip()), "").encode()
    depth = column_of(line[: len(line) - len(line.lstrip(_BLANKS))])
    column = column_of(typed)
    return column > depth if line.rstrip().endswith(_OPENERS) else column >= depth
