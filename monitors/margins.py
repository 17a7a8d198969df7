"""Monitor ``margins``: white space at the start of a line leads to code, and a block is as deep as those around.

Python lets blank lines and comments stand anywhere, and a block be one column deep.  A small model
that has begun a line where no statement may stand would flee there.  So it may not begin such a
line, nor leave white space on a blank one.  A policy: what the user typed is left alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from analysis.blocks import Blocks, Column, first_statement, read_on
from analysis.facts import FactView
from analysis.lexicon import BLANKS
from analysis.scanner import Scan
from monitors.base import FORBIDDEN, Factless, Kind, Lexed, Site
from monitors.indentation import begins_lines, blocks_before

_HASH: Final = ord("#")
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


class Margins(Factless):
    """Margins of one request."""

    name = "margins"
    kind = Kind.POLICY

    def __init__(self, site: Site) -> None:
        """Read what is open before the cursor, and how deep blocks are."""
        self._start = blocks_before(site)
        self._typed = len(site.typed)
        cursor, scan = read_on(self._start, site.start, site.typed)
        self._steps = _steps(self._start.levels)
        if cursor.header and scan.at_line_start:
            found = first_statement(cursor, scan, site.suffix)
            given = (found.indent if found else None, scan.indent)
            depths = (Column.of(indent) for indent in given if indent)
            outer = cursor.levels[-1]
            self._steps = next(((depth.minus(outer),) for depth in depths if depth.inside(outer)), self._steps)
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

    def _follow(self, state: Margin, text: Lexed) -> Margin:
        blocks, ahead, ours, dead, before = state.blocks, state.ahead, state.ours, state.dead, text.before
        if not begins_lines(text):
            within = blocks.within_line(text.after, text.data)
            unchanged = within is blocks and not ahead and not ours
            return state if unchanged else Margin(within, max(0, ahead - len(text.data)), False, dead)
        for byte, after in zip(text.data, text.after, strict=True):
            if not ahead and before.at_line_start and not self._free:
                dead = dead or not self._helps(blocks, ours, before, after, byte)
            ours = after.at_line_start and byte in BLANKS and not ahead
            blocks, ahead, before = blocks.step(before, after, byte), max(0, ahead - 1), after
        return Margin(blocks, ahead, ours, dead)

    def _helps(self, blocks: Blocks, ours: bool, before: Scan, after: Scan, byte: int) -> bool:
        if byte in BLANKS:
            return self._may_grow(blocks, after.indent)
        if byte in b"\r\n":
            return not ours
        if byte == _HASH and not ours:
            return True
        return Column.of(before.indent) in self._wanted(blocks)

    def _may_grow(self, blocks: Blocks, indent: bytes) -> bool:
        column = Column.of(indent)
        return any(column.within(wanted) for wanted in self._wanted(blocks))

    def _wanted(self, blocks: Blocks) -> tuple[Column, ...]:
        """Return where a statement may begin."""
        if not blocks.header:
            return blocks.levels
        return tuple(blocks.levels[-1].plus(step) for step in self._steps)


def _steps(levels: tuple[Column, ...]) -> tuple[Column, ...]:
    """Return how much deeper than what is around it a block may be: as much as one that is open, if there is one."""
    return tuple({inner.minus(outer): None for outer, inner in pairwise(levels)}) or _USUAL_STEPS
