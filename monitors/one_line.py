"""Monitor ``one_line``: where one line is wanted, brackets that the middle opens are closed on it.

A list in brackets over several lines hardly ever ends within the few tokens of such a request, and half of
one is worth nothing; behind ``import`` it is where a small model escapes to that has no name to offer.
A comment in them would leave no way to close them.
A policy: brackets that the user opened may hold several lines, and so may strings.
"""

from __future__ import annotations

from typing import Final

from analysis.facts import FactView
from analysis.python.scanner import Mode, Scan, scan_text
from monitors.base import EVERYTHING, FORBIDDEN, NOTHING, Factless, Kind, Lexed, Selective, Site, bits

_BREAKS: Final = frozenset(b"\r\n#")
"""What ends a line, or leaves nothing else to do."""
_BREAKING: Final = bits(_BREAKS)


class OneLine(Factless, Selective):
    """One request.

    A state is the number of bytes of the typed part to come, and whether a line has ended in an open bracket.
    """

    name = "one_line"
    kind = Kind.POLICY

    def __init__(self, site: Site) -> None:
        """Count the brackets that are the user's."""
        self._typed = len(site.typed)
        self._free = site.multiline
        self._open = len(scan_text(site.typed, site.start).brackets)

    def start(self) -> tuple[int, bool]:
        """Return the state at the start of the middle."""
        return self._typed, False

    def step(self, state: tuple[int, bool], text: Lexed, view: FactView) -> tuple[float, tuple[int, bool]]:
        """Forbid a line end, or a comment, inside brackets that the middle has opened."""
        ahead, broken = state
        if self._free or text.is_suffix:
            return 0.0, state
        if broken or self._breaks(ahead, text):
            return FORBIDDEN, (0, True)
        return 0.0, (max(0, ahead - len(text.data)), False) if ahead else state

    def hears(self, state: tuple[int, bool], scan: Scan) -> int:
        """Return what ends a line; on what was typed, and behind a broken line, everything."""
        ahead, broken = state
        return NOTHING if self._free else EVERYTHING if ahead or broken else _BREAKING

    def _breaks(self, ahead: int, text: Lexed) -> bool:
        if _BREAKS.isdisjoint(text.data):
            return False
        return any(
            byte in _BREAKS and at >= ahead and self._is_ours(text.after[at - 1] if at else text.before)
            for at, byte in enumerate(text.data)
        )

    def _is_ours(self, scan: Scan) -> bool:
        return scan.mode is not Mode.STRING and len(scan.brackets) > self._open
