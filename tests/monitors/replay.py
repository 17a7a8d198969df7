"""Replaying real files: a cursor, the true middle, and the true suffix behind it."""

from __future__ import annotations

import random
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from analysis.facts import BaseDocument, FactView
from analysis.python.scanner import START, Mode, Scan, scan_text
from monitors.base import FORBIDDEN, Lexed, Monitor, Site

LARGEST_FILE = 40_000
LONGEST_MIDDLE = 400


@dataclass(frozen=True)
class Case:
    """A cursor in a file, with what was written there.

    Attributes:
        site: The request.
        middle: The true middle, typed part included.
    """

    site: Site
    middle: bytes


def library_files(count: int, seed: int = 0, largest: int = LARGEST_FILE) -> list[Path]:
    """Return files of the standard library of at most ``largest`` bytes, the same ones every time."""
    root = Path(sysconfig.get_path("stdlib"))
    files = sorted(path for path in root.rglob("*.py") if not {"site-packages", "lib2to3"} & set(path.parts))
    return random.Random(seed).sample([path for path in files if 200 < path.stat().st_size <= largest], count)


def site_at(text: bytes, cursor: int, end: int, healed: int = 0) -> Site:
    """Return the request at ``cursor`` of a text whose bytes up to ``end`` are not written yet."""
    line = max(text.rfind(b"\n", 0, cursor), text.rfind(b"\r", 0, cursor)) + 1
    suffix = text[end:]
    remainder = suffix.splitlines()[0] if suffix[:1] not in (b"", b"\r", b"\n") else b""
    before, after = (part.decode("utf-8", "surrogateescape") for part in (text[:line], suffix))
    document = BaseDocument("/project/module.py", "/project", before, after)
    return Site(
        document=document,
        start=scan_text(text[:line]),
        typed=text[line:cursor],
        healed=text[cursor - healed : cursor],
        remainder=remainder,
        suffix=suffix,
    )


def cases(text: bytes, count: int, rng: random.Random) -> Iterator[Case]:
    """Draw cursors whose middle ends where a completion may end."""
    scans = [START]
    for byte in text:
        scans.append(scans[-1].step(byte))
    for _ in range(count):
        cursor = rng.randrange(len(text))
        end = rng.randrange(cursor, min(len(text), cursor + LONGEST_MIDDLE) + 1)
        end = _line_end(text, end) if rng.random() < 0.5 else end
        if _fits(text, scans, cursor, end):
            line = max(text.rfind(b"\n", 0, cursor), text.rfind(b"\r", 0, cursor)) + 1
            yield Case(site_at(text, cursor, end, min(cursor - line, rng.randrange(6))), text[line:end])


def refused(monitor: Monitor, case: Case) -> int | None:
    """Write the true middle byte by byte, then ask whether it may end.

    Returns:
        Offset of the first byte that is forbidden, the middle's length if the end is, else None.
    """
    state, scan, view = monitor.start(), case.site.start, FactView()
    for offset, byte in enumerate(case.middle):
        text = Lexed.of(scan, bytes((byte,)))
        penalty, after = monitor.step(state, text, view)
        if penalty == FORBIDDEN:
            return offset
        state, scan = after, text.after[-1]
    ending = Lexed.of(scan, (case.site.suffix or b"\n")[:4], is_suffix=True)
    return len(case.middle) if monitor.step(state, ending, view)[0] == FORBIDDEN else None


def _line_end(text: bytes, offset: int) -> int:
    found = text.find(b"\n", offset)
    return len(text) if found < 0 else found


def _fits(text: bytes, scans: list[Scan], cursor: int, end: int) -> bool:
    """Whether the suffix closes what was open at the cursor, and neither end cuts a token of a string."""
    first, last = scans[cursor], scans[end]
    least = min(scan.depth for scan in scans[cursor : end + 1])
    if least < min(first.depth, last.depth):
        return False
    if any(level[:1] in (b"'", b'"') for level in last.nesting[least:]):
        return False
    same_line_left = text[end : end + 1] not in (b"", b"\r", b"\n")
    if same_line_left and (first.mode is Mode.COMMENT) != (last.mode is Mode.COMMENT):
        return False
    return not any(_cuts(text, offset) for offset in (cursor, end))


def _cuts(text: bytes, offset: int) -> bool:
    """Whether a place stands beside a byte that means something only together with its neighbours."""
    return any(byte in b"\\{}\"'\r" for byte in text[max(0, offset - 1) : offset + 1])
