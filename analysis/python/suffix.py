"""What the text behind a hole closes of what is open before it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from analysis.python.lexicon import PAIRS, STATEMENT_LINE
from analysis.python.place import HOLE
from analysis.python.scanner import Mode, Scan, scan_text

READ_BYTES: Final = 32_768
"""How far the suffix is read; a longer stretch without one statement keyword tells nothing."""

TRACED_BYTES: Final = 8

_EVENT: Final = re.compile(rb"[)\]}\"'\r\n]")
_LINE_ENDS: Final = b"\r\n"


@dataclass(frozen=True, slots=True)
class Reading:
    """A suffix, read.

    Attributes:
        expected: What has to be open where the suffix begins, outermost first, so that all is
            closed in the end (as ``Scan.nesting``).
        depths: How much more, or less, is open after each of the first bytes.
    """

    expected: tuple[bytes, ...]
    depths: tuple[int, ...]

    def shared(self, nesting: tuple[bytes, ...]) -> int | None:
        """Return how many outer levels of ``nesting`` the suffix closes, None if it closes other kinds."""
        size = min(len(nesting), len(self.expected))
        return size if nesting[:size] == self.expected[:size] else None


@lru_cache(maxsize=8)
def read_suffix(cursor: Scan, suffix: bytes) -> Reading | None:
    """Read a suffix as what follows ``cursor``.

    A string that is open at the cursor may be closed in the suffix or not yet: the suffix is read
    on as the string, and as if the string ended here.  A reading holds if no string is cut off
    by a line end; one that involves a triple-quoted string only if no string is open at the end
    of the document.

    Returns:
        The reading, or None if not exactly one holds, so that the document is broken there, or
        if by one of them the suffix goes on too long without a statement keyword to tell.
    """
    nesting = cursor.nesting
    inside = [i for i, level in enumerate(nesting) if level == HOLE or level[:1] in (b'"', b"'")]
    starts = [cursor.detached(depth) for depth in (len(nesting), *reversed(inside))]
    if any(len(nesting[i]) == 3 for i in inside):
        starts = [scan for scan in starts if scan_text(suffix, scan).quote == b""]
    try:
        readings = [reading for scan in starts if (reading := _read(scan, suffix)) is not None]
    except _TooLongError:
        return None
    return readings[0] if len(readings) == 1 else None


def _read(scan: Scan, suffix: bytes) -> Reading | None:
    """Follow the suffix up to a statement or its end, noting each closing of what it did not open.

    Raises:
        _TooLongError: Neither has come.
    """
    strings = scan.nesting
    kept = len(strings)
    closed: list[bytes] = []
    depths: list[int] = []
    offset = 0
    while offset < len(suffix):
        if len(depths) == TRACED_BYTES:
            event = _EVENT.search(suffix, offset, max(offset, READ_BYTES))
            stop = event.start() if event else min(len(suffix), READ_BYTES)
            scan, offset = scan_text(suffix[offset:stop], scan), max(offset, stop)
            if event is None:
                break
        before, byte = scan, suffix[offset : offset + 1]
        scan = scan.step(byte[0])
        lost = before.depth - scan.depth
        if byte == b"}" and not lost and before.formatted and _is_lone(suffix, offset):
            return None
        if byte in PAIRS and before.mode is Mode.CODE and lost == 0:
            if before.depth > kept:
                return None
            closed.append(PAIRS[byte])
        elif scan.depth < kept:
            closed.extend(reversed(strings[scan.depth : kept]))
            kept = scan.depth
        elif lost > 1 and byte in PAIRS and before.mode is Mode.CODE:
            return None
        if byte in _LINE_ENDS and (lost or _cut_off(scan)):
            return None
        if byte in _LINE_ENDS and scan.mode is Mode.CODE and STATEMENT_LINE.match(suffix, offset):
            break
        if len(depths) < TRACED_BYTES:
            depths.append(scan.depth - kept - len(closed))
        offset += 1
    if READ_BYTES <= offset < len(suffix):
        raise _TooLongError
    if kept:
        return None
    return Reading(tuple(reversed(closed)), tuple(depths))


class _TooLongError(Exception):
    """Nothing told within ``READ_BYTES``."""


def _is_lone(suffix: bytes, offset: int) -> bool:
    """Whether a brace is not one of an escaped pair."""
    run = len(suffix[: offset + 1]) - len(suffix[: offset + 1].rstrip(b"}"))
    return run % 2 == 1 and suffix[offset + 1 : offset + 2] != b"}"


def _cut_off(scan: Scan) -> bool:
    """Whether a line end leaves a hole open in a string of one line; legal since PEP 701, but hardly ever meant."""
    return scan.mode is Mode.CODE and len(scan.quote) == 1
