"""What the statements behind the cursor ask of one line that is written before them.

Python closes blocks by indentation alone: a line that stands less deep than the suffix's first statement
closes the block that this one is in, unless it opens it anew.  So where one logical line is wanted, the
indentation of the suffix says at which columns it may stand, and where it has to be a header.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from analysis.python.blocks import Blocks, Column, Descent, descent, read_on
from analysis.python.scanner import Scan
from monitors.base import Site

CLAUSES: Final = frozenset((b"elif", b"else", b"except", b"finally"))
"""Words that go on with a compound statement at its own indentation."""


@dataclass(frozen=True, slots=True)
class Behind:
    """The suffix of a line that is yet to be written.

    Attributes:
        descent: How its statements leave their blocks.
    """

    descent: Descent

    def follows(self, blocks: Blocks) -> bool:
        """Whether the suffix's statements find their blocks open."""
        for column in self.descent.columns:
            if not blocks.takes(column):
                return False
            blocks = blocks.entered(column)
        return True

    def takes_plain(self, blocks: Blocks, column: Column) -> bool:
        """Whether the line may be a simple statement at a column where ``blocks`` admit one."""
        before_clause = self.descent.word in CLAUSES and column == self.descent.columns[0]
        return not before_clause and self.follows(blocks.entered(column))

    def takes_header(self, blocks: Blocks, column: Column) -> bool:
        """Whether the line may be a header whose block the suffix is; where nothing stands behind it, none is."""
        if not self.descent.columns or self.descent.word in CLAUSES:
            return False
        return self.follows(blocks.entered(column, header=True))

    def takes(self, blocks: Blocks, column: Column) -> bool:
        """Whether some line may stand at a column where ``blocks`` admit one, and be it a header with its block."""
        return self.follows(blocks.entered(column)) or self.takes_header(blocks, column)


def behind_line(site: Site, start: Blocks) -> Behind | None:
    """Return what the suffix asks of the cursor's line; ``start`` is open where the middle begins.

    None where more lines may come, where something stands on the cursor's line already, and where no line would
    do.  What only the first statement fits to is asked by that one alone.
    """
    blocks, cursor = read_on(start, site.start, site.typed)
    found = descent(site.suffix)
    if site.multiline or site.remainder.strip() or not cursor.at_line_start:
        return None
    for columns in (found.columns, found.columns[:1]):
        behind = Behind(Descent(columns, found.word))
        if any(behind.takes(blocks, column) for column in _columns(blocks, cursor, columns)):
            return behind
    return None


def _columns(blocks: Blocks, cursor: Scan, columns: tuple[Column, ...]) -> tuple[Column, ...]:
    """Return where the cursor's line may stand; of a new block's columns those that matter."""
    typed, outer = Column.of(cursor.indent), blocks.levels[-1]
    if not blocks.header:
        return tuple(level for level in blocks.levels if typed.within(level))
    new = (typed, outer.plus(Column(1, 1)), *columns)
    return tuple(column for column in new if column.inside(outer) and typed.within(column))
