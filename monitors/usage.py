"""Monitor ``usage``: what is legal and hardly ever meant.

Small models end up there when what they would have written is refused, or where they do not see what stands
behind the cursor: ``:=`` right behind its name, where it began to annotate an argument; the call of a call,
``f(a)`` in front of the suffix's ``(a)``; and in front of what stands behind the cursor on its line a comment, or
the end of a line that has begun on it, unless the rest is what editors close and more than one line is wanted.
A policy: what the user typed is left alone, and so is ``:=`` in documents that write it like this.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from analysis.facts import FactView
from analysis.python.scanner import Mode, Scan, scan_text
from monitors.base import EVERYTHING, FORBIDDEN, Factless, Kind, Lexed, Selective, Site, bits
from monitors.lexical import is_in_parentheses, unclosed
from monitors.remainder import typed_over

_COLON: Final = ord(":")
_HASH: Final = ord("#")
_LINE_ENDS: Final = frozenset(b"\r\n")
_ODD: Final = _LINE_ENDS | {_HASH, _COLON}
_MARKS: Final = bits(_ODD)
_BLANKS: Final = b" \t\f"
_UNSPACED: Final = re.compile(r"\w:=")


class Use(NamedTuple):
    """State of the policy.

    Attributes:
        ahead: Bytes of the typed part to come.
        hanging: The first line of the middle is blank; None while it may be.
        dead: Something stands there that nobody means.
    """

    ahead: int
    hanging: bool | None
    dead: bool = False


class Usage(Factless, Selective):
    """One request; see the module."""

    name = "usage"
    kind = Kind.POLICY

    def __init__(self, site: Site) -> None:
        """Look at what stands behind the cursor, and at the document's own habits."""
        document, rest = site.document, site.remainder.lstrip(_BLANKS)
        self._typed = len(site.typed)
        self._theirs = unclosed(site)
        self._depth = scan_text(site.typed, site.start).depth
        self._is_called = site.remainder.startswith(b"(")
        self._has_rest = bool(rest) and not rest.startswith(b"#")
        self._is_one_line = self._has_rest and not (site.multiline and typed_over(site.remainder))
        self._is_unspaced = any(":=" in text and _UNSPACED.search(text) for text in (document.prefix, document.suffix))

    def start(self) -> Use:
        """Return the state at the start of the typed part."""
        return Use(self._typed, None if self._has_rest else False)

    def step(self, state: Use, text: Lexed, view: FactView) -> tuple[float, Use]:
        """Forbid what nobody means, and an end that leaves it."""
        if state.dead:
            return FORBIDDEN, state
        if text.is_suffix:
            return (FORBIDDEN if self._strands(state, text.before) else 0.0), state
        ahead, hanging, before = state.ahead, state.hanging, text.before
        for byte, after in zip(text.data, text.after, strict=True):
            if ahead:
                ahead, before = ahead - 1, after
                continue
            if before.mode is Mode.CODE and byte in _ODD and self._is_odd(before, byte, hanging):
                return FORBIDDEN, Use(0, hanging, dead=True)
            if hanging is None and byte not in _BLANKS:
                hanging = byte in _LINE_ENDS
            before = after
        return 0.0, Use(ahead, hanging)

    def hears(self, state: Use, scan: Scan) -> int:
        """Return what may begin something odd; on what was typed, and before the first line says something, all."""
        return EVERYTHING if state.ahead or state.dead or state.hanging is None else _MARKS

    def _is_odd(self, before: Scan, byte: int, hanging: bool | None) -> bool:
        if byte == _HASH:
            return self._has_rest and not hanging and before.depth >= self._depth
        if byte in _LINE_ENDS:
            return self._is_one_line and hanging is False and before.depth >= max(1, self._depth)
        return before.name != b"" and not self._is_unspaced and is_in_parentheses(before, self._theirs)

    def _strands(self, state: Use, end: Scan) -> bool:
        """Whether the suffix would call a call, or begin a line that is not its own."""
        if state.ahead or state.hanging is None or end.mode is not Mode.CODE:
            return False
        if self._is_called and end.line.endswith(b")"):
            return True
        return self._has_rest and not state.hanging and end.line.rstrip(_BLANKS).endswith((b"\n", b"\r"))
