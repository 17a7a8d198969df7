"""The monitor ``formats``: a format string gets as many arguments as it has places.

What may stand: behind ``"..." %`` as many elements of a tuple as there are conversions, in ``"...".format()``
an argument for every field and none beside.  The surplus is charged with the comma that announces it, unless
that comma ends one of the call's lines, the lack with the closing bracket.  When it says nothing: the string is not a
plain literal right before, or arguments are unpacked.  How strong: ``formats`` of ``monitors/strength.py``;
the count is exact, but tests are written to fail.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from analysis.facts import FactView
from analysis.python.scanner import Scan
from monitors.base import EVERYTHING, Check, Continuations, Factless, Kind, Lexed, Selective, Site, bits
from monitors.strength import Strength
from monitors.templates import Filling, filling_at
from monitors.terms import bytes_but

QUERY: Final = "formats"

_COMMA: Final = b","
_CLOSING: Final = b")"
_ENDS: Final = re.compile(rb"[,)]")
_FORMATS: Final = bits(b"%.")


@dataclass(frozen=True, slots=True)
class Counted:
    """State of the monitor.

    Attributes:
        ahead: Bytes of the typed part to come; they are the user's.
        full: A comma that comes next is charged, and nothing else.
        judged: Judgements so far.
    """

    ahead: int
    full: bool = False
    judged: tuple[Check, ...] = ()


class Formats(Factless, Selective):
    """One request; see the module."""

    name = "formats"
    kind = Kind.HEURISTIC

    def __init__(self, site: Site, strength: Strength) -> None:
        """Watch one request; ``strength`` gives the penalties."""
        self._typed = len(site.typed)
        self._strength = strength

    def start(self) -> Counted:
        """Return the state at the start of the middle."""
        return Counted(self._typed)

    def step(self, state: Counted, text: Lexed, view: FactView) -> tuple[float, Counted]:
        """Charge the comma behind which nothing fits, and the closing bracket that comes too early or too late."""
        if not (state.ahead or state.full or text.after[-1].brackets or _ENDS.search(text.data)):
            return 0.0, state
        line = text.before.line + text.data
        if not (state.ahead or state.full or b"%" in line or b".format" in line):
            return 0.0, state
        here = filling_at(text.after[-1])
        full = here is not None and here.closed_to_more and not here.row
        begun = [f.kind for at, f in endings(text, _COMMA) if at >= state.ahead and f.closed_to_more]
        closed = [filling for at, filling in endings(text, _CLOSING) if at >= state.ahead]
        if not (begun or closed or state.ahead) and full == state.full:
            return 0.0, state
        judged = (Check(f.shown, "this line", not f.row, f"{QUERY}.{f.kind}", f.row) for f in closed)
        late = (f for f in closed if f.row and not (f.row == "extra" and f.announced))
        penalty = sum(self._price(kind, "extra") for kind in begun) + sum(self._price(f.kind, f.row) for f in late)
        return penalty, Counted(max(0, state.ahead - len(text.data)), full, (*state.judged, *judged))

    def hears(self, state: Counted, scan: Scan) -> int:
        """Return what a format string has, in a line without; on what was typed, and in one with that, everything."""
        if state.ahead or state.full:
            return EVERYTHING
        line = scan.line
        return EVERYTHING if b"%" in line or b".f" in line or line.endswith(b".") else _FORMATS

    def continuations(self, state: Counted) -> Continuations | None:
        """Return all bytes but a comma where that is one too many."""
        return bytes_but(frozenset(_COMMA)) if state.full else None

    def checks(self, state: Counted) -> tuple[Check, ...]:
        """Return the judgements on all format strings with arguments that are finished behind the cursor so far."""
        return state.judged

    def _price(self, kind: str, row: str) -> float:
        return self._strength.penalty(f"{QUERY}.{kind}.{row}")


def endings(text: Lexed, sign: bytes) -> Iterator[tuple[int, Filling]]:
    """Yield the format strings one of whose arguments ``sign`` ends, and where."""
    at = text.data.find(sign)
    while at >= 0:
        filling = filling_at(text.after[at - 1] if at else text.before)
        if filling is not None:
            yield at, filling
        at = text.data.find(sign, at + 1)
