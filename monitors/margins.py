"""Monitor ``margins``: white space at the start of a line leads to code, and a block is as deep as those around.

Python lets blank lines and comments stand anywhere, and a block be one column deep.  A small model
that has begun a line where no statement may stand would flee there.  So it may not begin such a
line, nor leave white space on a blank one.  Nor may it write what is never reached, or keeps what
stands behind it from being: a statement right behind ``return``, or ``return`` before more of its
block; nor, where one line is wanted, a compound statement whose block would have to stand on it, or
a comment (``monitors.leading``).  In brackets no line of comments stands behind an operand: it puts off the
comma, or the bracket, that has to come.  A policy: what the user typed is left alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from analysis.facts import FactView
from analysis.python.blocks import Blocks, Column, descent, read_on
from analysis.python.lexicon import BLANKS
from analysis.python.scanner import Mode, Scan
from monitors.base import EVERYTHING, FORBIDDEN, Factless, Kind, Lexed, Selective, Site, bits
from monitors.behind import behind_line
from monitors.indentation import begins_lines, blocks_before
from monitors.leading import Leading, left_column

_HASH: Final = ord("#")
_MARKS: Final = bits(b"\r\n:#")
"""What begins a line, a block or a comment."""
_BEHIND_OPERAND: Final = re.compile(rb"(?:\A|[\r\n])[^#\r\n]*[\w\x80-\xff)\]}\"'][ \t\f]*[\r\n][ \t\f\r\n]*\Z")
"""The end of a logical line where a line begins behind one that ends with an operand."""
_USUAL_STEPS: Final = (Column(4, 4), Column(2, 2), Column(8, 1))


@dataclass(frozen=True, slots=True)
class Margin:
    """State of the policy.

    Attributes:
        blocks: The open blocks.
        ahead: Bytes of the typed part to come.
        ours: White space was written at the start of this line.
        dead: Something stands where nothing helps.
    """

    blocks: Blocks
    ahead: int = 0
    ours: bool = False
    dead: bool = False


class Margins(Factless, Selective):
    """Margins of one request."""

    name = "margins"
    kind = Kind.POLICY

    def __init__(self, site: Site) -> None:
        """Read what is open before the cursor, and how deep blocks are."""
        self._start = blocks_before(site)
        self._typed = len(site.typed)
        cursor, scan = read_on(self._start, site.start, site.typed)
        self._behind = behind_line(site, self._start)
        self._leading = Leading(site.document, cursor, self._behind)
        self._cursor = cursor
        self._left = left_column(site.document.prefix, cursor)
        if self._left in _first_columns(site):
            self._left = None
        self._steps = _steps(self._start.levels)
        self._columns: dict[Blocks, tuple[Column, ...]] = {}
        if cursor.header and scan.at_line_start:
            suffix = b"" if site.remainder.strip() else site.suffix
            self._steps = self._block_steps(cursor.levels[-1], Column.of(scan.indent), suffix)
        self._free = scan.at_line_start and not self._may_grow(cursor, scan.indent)

    def start(self) -> Margin:
        """Return the state at the start of the typed part."""
        return Margin(self._start, self._typed)

    def step(self, state: Margin, text: Lexed, view: FactView) -> tuple[float, Margin]:
        """Forbid white space that no code can follow, and line ends and comments behind such."""
        if text.is_suffix:
            return 0.0, state
        after = self._follow(state, text)
        return (FORBIDDEN if after.dead else 0.0), after

    def hears(self, state: Margin, scan: Scan) -> int:
        """Return what begins a line, a block or a comment; at a line's start, and behind a header, everything."""
        is_inside = not (state.ahead or state.ours or state.dead or state.blocks.header or scan.at_line_start)
        return _MARKS if is_inside and not self._leading.is_in_word(scan) else EVERYTHING

    def _follow(self, state: Margin, text: Lexed) -> Margin:
        blocks, ahead, ours, before = state.blocks, state.ahead, state.ours, text.before
        dead = state.dead or (b"#" in text.data and _puts_off(text, ahead))
        if not (begins_lines(text) or self._leading.is_in_word(text.before)):
            within = blocks.within_line(text.after, text.data)
            unchanged = within is blocks and not ahead and not ours and dead == state.dead
            return state if unchanged else Margin(within, max(0, ahead - len(text.data)), False, dead)
        for byte, after in zip(text.data, text.after, strict=True):
            if not ahead and before.at_line_start and not self._free:
                dead = dead or not self._helps(blocks, ours, before, after, byte)
            ours = after.at_line_start and byte in BLANKS and not ahead
            blocks = blocks.step(before, after, byte)
            dead = dead or not (ahead or self._leading.fits(blocks, before, after))
            ahead, before = max(0, ahead - 1), after
        return Margin(blocks, ahead, ours, dead)

    def _helps(self, blocks: Blocks, ours: bool, before: Scan, after: Scan, byte: int) -> bool:
        if byte in BLANKS:
            return self._may_grow(blocks, after.indent)
        if byte in b"\r\n":
            return not ours
        if byte == _HASH and not ours:
            return self._leading.may_begin(byte)
        return self._leading.may_begin(byte) and Column.of(before.indent) in self._wanted(blocks)

    def _may_grow(self, blocks: Blocks, indent: bytes) -> bool:
        column = Column.of(indent)
        return any(column.within(wanted) for wanted in self._wanted(blocks))

    def _wanted(self, blocks: Blocks) -> tuple[Column, ...]:
        """Return where a statement may begin."""
        if blocks not in self._columns:
            self._columns[blocks] = self._look(blocks)
        return self._columns[blocks]

    def _look(self, blocks: Blocks) -> tuple[Column, ...]:
        columns = blocks.levels
        if blocks.header:
            columns = tuple(blocks.levels[-1].plus(step) for step in self._steps)
        return tuple(column for column in columns if self._is_wanted(blocks, column)) or columns

    def _is_wanted(self, blocks: Blocks, column: Column) -> bool:
        if column == self._left and blocks == self._cursor:
            return False
        behind = self._behind
        return behind is None or behind.takes_plain(blocks, column) or behind.takes_header(blocks, column)

    def _block_steps(self, outer: Column, typed: Column, suffix: bytes) -> tuple[Column, ...]:
        """Return how deep the block is that begins at the cursor: as deep as the suffix or the user has it.

        Where the suffix stands two steps deeper, the cursor's line is the header in between.
        """
        inside = [column.minus(outer) for column in descent(suffix).columns if column.inside(outer)]
        if inside:
            between = tuple(step for step in self._steps if step.plus(step) == inside[-1])
            return (inside[-1],) if inside[-1] in self._steps else between or (inside[-1],)
        depth = typed.minus(outer)
        is_part = any(depth.within(step) for step in self._steps) and depth not in self._steps
        return self._steps if is_part else (depth,)


def _puts_off(text: Lexed, ahead: int) -> bool:
    """Whether a line of comments begins in brackets behind an operand, from offset ``ahead`` on."""
    around = zip(text.data, (text.before, *text.after), strict=False)
    hashes = (scan for at, (byte, scan) in enumerate(around) if byte == _HASH and at >= ahead)
    return any(scan.mode is Mode.CODE and scan.brackets and _BEHIND_OPERAND.search(scan.line) for scan in hashes)


def _first_columns(site: Site) -> tuple[Column, ...]:
    """Return where the suffix's first statement stands, if there is one."""
    return () if site.remainder.strip() else descent(site.suffix).columns[:1]


def _steps(levels: tuple[Column, ...]) -> tuple[Column, ...]:
    """Return how much deeper than what is around it a block may be: as much as one that is open, if there is one."""
    return tuple({inner.minus(outer): None for outer, inner in pairwise(levels)}) or _USUAL_STEPS
