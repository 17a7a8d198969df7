"""Monitor ``indentation``: code stands at an indentation that is open, and a header's block stands deeper.

What may stand here: a statement at the indentation of an open block, or, behind a header's colon,
one deeper than it; an end behind which the suffix's first statement finds its block open, too.  Where
one line is wanted, it stands where the suffix can follow it: not less deep than the suffix unless it is
the header of the suffix's block, and a header of no block that the suffix has no room for.
Silent: on blank lines and comments, in brackets, strings and joined lines, and where the user's own
text does not fit (he stands at an indentation that nothing leads to, or the suffix's never was open,
or the rest of his line makes no header of it).
Sound by the reference manual, 2.1.8.  That a header's block may still be missing where the user
began a header and wants no more than its line is a choice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from analysis.facts import FactView
from analysis.python.blocks import Blocks, Column, begins_statement, first_statement, open_blocks, read_on
from analysis.python.lexicon import COMPOUND, WORD
from analysis.python.scanner import Mode, Scan
from monitors.base import EVERYTHING, FORBIDDEN, Factless, Kind, Lexed, Selective, Site, bits
from monitors.behind import behind_line

_WORD: Final = bytes(sorted(WORD))
_MARKS: Final = bits(b"\r\n:#")
"""What begins a line, a block or a comment."""
_JOINED: Final = b"\\ \t\f\r\n"


@dataclass(frozen=True, slots=True)
class Progress:
    """State of the monitor.

    Attributes:
        blocks: The open blocks.
        ahead: Bytes of the typed part to come; they are the user's.
        dead: A statement stands where none may.
        wanting: The line has to be a header, and its first word is not finished yet.
    """

    blocks: Blocks
    ahead: int = 0
    dead: bool = False
    wanting: bool = False


class Indentation(Factless, Selective):
    """Indentation of one request."""

    name = "indentation"
    kind = Kind.SOUND

    def __init__(self, site: Site) -> None:
        """Read what is open before the cursor, and whether the suffix fits to it."""
        self._site = site
        self._start = blocks_before(site)
        cursor, scan = read_on(self._start, site.start, site.typed)
        self._is_header = (scan.keyword or scan.line) in COMPOUND
        self._free = scan.at_line_start and not cursor.reachable(scan.indent)
        self._expects = not self._free and self._may_lead_to_suffix(cursor, scan)
        self._behind = behind_line(site, self._start) if self._expects else None

    def start(self) -> Progress:
        """Return the state at the start of the typed part."""
        return Progress(self._start, len(self._site.typed))

    def step(self, state: Progress, text: Lexed, view: FactView) -> tuple[float, Progress]:
        """Forbid a statement that stands where none may, and an end that the suffix's first one does not fit to."""
        if text.is_suffix:
            may_end = not (state.dead or state.wanting) and self._may_end(state.blocks, text.before)
            return (0.0 if may_end else FORBIDDEN), state
        after = self._follow(state, text)
        return (FORBIDDEN if after.dead else 0.0), after

    def hears(self, state: Progress, scan: Scan) -> int:
        """Return what begins a line, a block or a comment; at a line's start, and behind a header, everything."""
        is_open = state.ahead or state.dead or state.wanting or state.blocks.header or scan.at_line_start
        return EVERYTHING if is_open else _MARKS

    def _follow(self, state: Progress, text: Lexed) -> Progress:
        blocks, ahead, dead, wanting = state.blocks, state.ahead, state.dead, state.wanting
        if not (begins_lines(text) or wanting or (self._behind is not None and b"#" in text.data)):
            within = blocks.within_line(text.after, text.data)
            return state if within is blocks and not ahead else Progress(within, max(0, ahead - len(text.data)), dead)
        before = text.before
        for byte, after in zip(text.data, text.after, strict=True):
            if begins_statement(before, byte) and not (ahead or self._free):
                dead = dead or not self._may_begin(blocks, before)
                wanting = self._wants_header(blocks, before)
            if wanting:
                begun = False if after.ended else begins_block(after.line)
                dead, wanting = dead or begun is False, not begun
            blocks = blocks.step(before, after, byte)
            dead = dead or (not ahead and self._strands(blocks, before, after))
            ahead = max(0, ahead - 1)
            before = after
        return Progress(blocks, ahead, dead, wanting)

    def _may_begin(self, blocks: Blocks, scan: Scan) -> bool:
        """Whether a statement may begin here."""
        if not blocks.admits(scan.indent):
            return False
        return self._behind is None or self._behind.takes(blocks, Column.of(scan.indent))

    def _wants_header(self, blocks: Blocks, scan: Scan) -> bool:
        """Whether no simple statement may begin here."""
        return self._behind is not None and not self._behind.takes_plain(blocks, Column.of(scan.indent))

    def _strands(self, blocks: Blocks, before: Scan, after: Scan) -> bool:
        """Whether the one line that is wanted has ended, or only a comment may follow on it, and the suffix cannot."""
        if self._behind is None:
            return False
        is_over = after.ended or (after.mode is Mode.COMMENT and before.mode is Mode.CODE and not before.depth)
        return is_over and not self._behind.follows(blocks)

    def _may_end(self, blocks: Blocks, scan: Scan) -> bool:
        if self._behind is not None and not self._behind.follows(blocks):
            return False
        found = first_statement(blocks, scan, self._site.suffix) if self._expects else None
        if found is None:
            return True
        if found.blocks.header and self._is_header and not self._site.multiline:
            return True
        return not found.blocks.header if found.indent is None else found.blocks.admits(found.indent)

    def _may_lead_to_suffix(self, blocks: Blocks, cursor: Scan) -> bool:
        """Whether some text at the cursor leads to the suffix's first statement; else the document is broken there."""
        found = first_statement(blocks, cursor, self._site.suffix)
        if found is None:
            return False
        if found.indent is None or Column.of(found.indent) in found.blocks.levels:
            return True
        may_be_header = (cursor.at_line_start or self._is_header) and not self._site.remainder.strip()
        return may_be_header and replace(found.blocks, header=True).admits(found.indent)


def blocks_before(site: Site) -> Blocks:
    """Return what is open at the start of the middle."""
    return _open_blocks(site.document.prefix, site.start)


@lru_cache(maxsize=8)
def _open_blocks(prefix: str, end: Scan) -> Blocks:
    """Read a prefix once for all monitors and keystrokes."""
    return open_blocks(prefix.encode("utf-8", "surrogatepass"), end)


def begins_block(line: bytes) -> bool | None:
    """Whether a logical line is a header by its first word; None while that may be."""
    line = line.lstrip(_JOINED)
    word = line[: len(line) - len(line.lstrip(_WORD))]
    if word == line:
        return None if any(header.startswith(word) for header in COMPOUND) else False
    return word in COMPOUND


def begins_lines(text: Lexed) -> bool:
    """Whether some of the bytes stand at the start of a line."""
    return text.before.at_line_start or b"\n" in text.data or b"\r" in text.data
