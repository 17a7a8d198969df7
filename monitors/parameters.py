"""Monitor ``parameters``: a function has each parameter once, and none behind ``**kwargs``.

What may not stand: a parameter that the definition has already, in the suffix too; one behind ``**name``.
Silent: on what the user typed, and where a default value has a lambda, whose parameters look the same.
Sound by the reference manual, section 8.7.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

from analysis.facts import FactView
from analysis.python.lexicon import WORD
from analysis.python.scanner import Mode, Scan, scan_text
from analysis.python.suffix import read_suffix
from monitors.base import EVERYTHING, FORBIDDEN, Factless, Kind, Lexed, Selective, Site, bits

_OPENING: Final = bits(b"(")
_DEFINING: Final = (b"def", b"async")
_DEFINITION: Final = re.compile(rb"(?:async[\s\\]+)?def\b")
_PIECE: Final = re.compile(rb"#[^\r\n]*|\"[^\"\r\n]*\"?|'[^'\r\n]*'?|[\w\x80-\xff]+|\*\*|[^\s\\]")
MOST_BYTES: Final = 4_000
"""How far the suffix is read."""


class Header(NamedTuple):
    """The parameters of a definition in a text.

    Attributes:
        names: Their names.
        begins: One may begin at the end of the text.
        is_full: None may follow.
    """

    names: frozenset[bytes] = frozenset()
    begins: bool = False
    is_full: bool = False


class Progress(NamedTuple):
    """State of the monitor.

    Attributes:
        ahead: Bytes of the typed part to come, they are the user's; -1 from the first byte behind it on.
        dead: A parameter has no place.
    """

    ahead: int
    dead: bool = False


class Parameters(Factless, Selective):
    """One request; see the module."""

    name = "parameters"
    kind = Kind.SOUND

    def __init__(self, site: Site) -> None:
        """Read the parameters behind the cursor."""
        cursor = scan_text(site.typed, site.start)
        self._typed = len(site.typed)
        is_closed = is_in_definition(cursor) and _is_closed(cursor, site.suffix)
        behind = site.suffix[:MOST_BYTES].lstrip(bytes(sorted(WORD))) if is_closed else b""
        self._behind = parameters_in(b"(" + behind).names

    def start(self) -> Progress:
        """Return the state at the start of the typed part."""
        return Progress(self._typed)

    def step(self, state: Progress, text: Lexed, view: FactView) -> tuple[float, Progress]:
        """Forbid the byte that ends the name of a parameter that has no place."""
        if state.dead:
            return FORBIDDEN, state
        before = text.before
        for at, (byte, after) in enumerate(zip(text.data, text.after, strict=True)):
            if before.name and byte not in WORD and at > state.ahead and self._breaks(before):
                return FORBIDDEN, Progress(-1, dead=True)
            if text.is_suffix:
                break
            before = after
        return 0.0, Progress(max(-1, state.ahead - len(text.data)))

    def hears(self, state: Progress, scan: Scan) -> int:
        """Return the bracket; in a definition, and on what was typed, everything."""
        is_open = state.ahead >= 0 or state.dead or scan.keyword in _DEFINING or scan.name in _DEFINING
        return EVERYTHING if is_open else _OPENING

    def _breaks(self, scan: Scan) -> bool:
        """Whether the name that ends here is a parameter's and has no place."""
        if not is_in_definition(scan):
            return False
        found = parameters_in(scan.line[: -len(scan.name)])
        return found.begins and (found.is_full or scan.name in found.names or scan.name in self._behind)


def _is_closed(cursor: Scan, suffix: bytes) -> bool:
    """Whether the suffix goes on in what is open at the cursor."""
    reading = read_suffix(cursor, suffix)
    return reading is not None and reading.shared(cursor.nesting) == cursor.depth


def is_in_definition(scan: Scan) -> bool:
    """Whether a place is right inside the parentheses of a function's definition."""
    is_inside = scan.keyword in _DEFINING and scan.brackets == b"(" and scan.mode is Mode.CODE
    return is_inside and _DEFINITION.match(scan.line) is not None


@lru_cache(maxsize=64)
def parameters_in(line: bytes) -> Header:
    """Return the parameters of a definition that a text begins, or goes on with, up to its end or theirs.

    >>> sorted(parameters_in(b"def f(a: b[c, d], *e, g=h(i, j), ").names)
    [b'a', b'e', b'g']
    """
    names: set[bytes] = set()
    depth, begins, full = 0, False, False
    for piece in _PIECE.findall(line):
        if piece == b"lambda":
            return Header()
        if piece[:1] == b"#":
            continue
        if begins and piece[0] in WORD:
            names.add(piece)
        if piece in (b"(", b"[", b"{"):
            depth += 1
        elif piece in (b")", b"]", b"}"):
            depth -= 1
            if not depth and piece == b")":
                return Header(frozenset(names))
        full = full or (begins and piece == b"**")
        is_between = piece == b"," or (piece == b"(" and not names)
        begins = depth == 1 and (is_between or (begins and piece in (b"*", b"**")))
    return Header(frozenset(names), begins, full and not line.rstrip().endswith(b"**"))
