"""Do sound monitors ever forbid what stands in real files?  They must not, not once."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.facts import BaseDocument, FactView
from analysis.scanner import START, scan_text
from bench.sites import STANDARD_LIBRARY, python_files, read_source
from monitors import registry
from monitors.base import FORBIDDEN, Kind, Lexed, Monitor, Site

MOST_LINES = 6

# Beside these a byte means something only together with its neighbours: no place for a cursor.
TIED = frozenset(b"\\{}\"'")


@dataclass(frozen=True)
class Cut:
    """Whole logical lines taken out of a file, with the cursor somewhere on the first.

    Attributes:
        path: The file.
        offset: Where the lines begin, bytes.
        site: The request.
        middle: What stood there, without its last line end.
    """

    path: Path
    offset: int
    site: Site
    middle: bytes


@dataclass(frozen=True)
class Refusal:
    """A sound monitor that forbade the truth.

    Attributes:
        monitor: Its name.
        where: File and byte offset.
        at: Bytes of the true middle before what was refused; its length if that was the end.
    """

    monitor: str
    where: str
    at: int


def check_library(files: int, per_file: int, seed: int) -> tuple[int, list[Refusal]]:
    """Try the sound monitors on files of the standard library; return the number of cuts, and the refusals."""
    rng = random.Random(f"{seed} sound")
    cuts = 0
    refusals: list[Refusal] = []
    for path in python_files(STANDARD_LIBRARY, Path(), rng)[:files]:
        for cut in cuts_of(path, per_file, rng):
            cuts += 1
            sound = [m for m in registry.build(None, cut.site) if m.kind is Kind.SOUND]
            found = ((monitor.name, refused(monitor, cut)) for monitor in sound)
            refusals += [Refusal(name, f"{path.name}:{cut.offset}", at) for name, at in found if at is not None]
    return cuts, refusals


def cuts_of(path: Path, count: int, rng: random.Random) -> Iterator[Cut]:
    """Yield some cuts of a file; none if it is not UTF-8 or has no code."""
    text = (read_source(path) or "").encode()
    starts = logical_lines(text)
    for _ in range(count if len(starts) > 1 else 0):
        first = rng.randrange(len(starts) - 1)
        last = rng.randrange(first, min(first + MOST_LINES, len(starts) - 1))
        begin, end = starts[first], starts[last + 1] - 1
        places = cursor_places(text, begin, end)
        cursor = rng.choice(places)
        healed = rng.randrange(min(6, cursor - begin + 1))
        yield Cut(path, begin, site_at(text, begin, cursor, end, healed, path), text[begin:end])


def logical_lines(text: bytes) -> Sequence[int]:
    """Return where logical lines begin, and the end of the text if a line ends there."""
    starts, scan, offset = [0], START, 0
    while (end := text.find(b"\n", offset) + 1) > 0:
        scan, offset = scan_text(text[offset:end], scan), end
        if scan.at_line_start:
            starts.append(offset)
    return starts


def cursor_places(text: bytes, begin: int, end: int) -> Sequence[int]:
    """Return offsets on the first physical line where a cursor makes sense; at least its start."""
    stop = text.find(b"\n", begin, end)
    line_end = end if stop < 0 else stop
    free = [at for at in range(begin + 1, line_end + 1) if not TIED.intersection(text[at - 1 : at + 1])]
    return [begin, *free]


def site_at(text: bytes, begin: int, cursor: int, end: int, healed: int, path: Path) -> Site:
    """Return the request at ``cursor`` when the bytes from there to ``end`` are not written yet."""
    typed = text[begin:cursor]
    document = BaseDocument(str(path), str(path.parent), text[:begin].decode(), text[end + 1 :].decode())
    return Site(document, scan_text(text[:begin]).fresh(), typed, typed[len(typed) - healed :], b"", text[end:])


def refused(monitor: Monitor[object], cut: Cut) -> int | None:
    """Write the true middle byte by byte, then end it.

    Returns:
        The offset of the first byte that is forbidden, the middle's length if the end is, else None.
    """
    state, scan, view = monitor.start(), cut.site.start, FactView()
    for offset, byte in enumerate(cut.middle):
        text = Lexed.of(scan, bytes((byte,)))
        if monitor.score(state, text, view) == FORBIDDEN:
            return offset
        state, scan = monitor.advance(state, text, view), text.after[-1]
    ending = Lexed.of(scan, cut.site.remainder + b"\n", is_suffix=True)
    return len(cut.middle) if monitor.score(state, ending, view) == FORBIDDEN else None
