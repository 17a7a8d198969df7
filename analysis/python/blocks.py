"""Blocks: which indentations are open at a place, as Python's tokenizer keeps them (reference manual, 2.1.8)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from analysis.lexing import LexicalState
from analysis.python.lexicon import BACKSLASH, BLANKS, NEWLINE, RETURN, WORD
from analysis.python.scanner import START, Mode, Scan, scan_text

READ_BYTES: Final = 4096
"""How far a text is read for its first statement."""

_COLON: Final = ord(":")
_HASH: Final = ord("#")
_BESIDE_CODE: Final = BLANKS | {NEWLINE, RETURN, _HASH}
_NO_END: Final = _BESIDE_CODE | {BACKSLASH}
"""What is never the last byte of a line's code."""
_TOP_LEVEL: Final = re.compile(rb"^(?:async[ \t]+def|def|class)\b", re.MULTILINE)
_LINE: Final = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_WORD: Final = bytes(sorted(WORD))
_NO_CODE: Final = (b"", b"\r", b"\n", b"#")
_TAB: Final = 8


@dataclass(frozen=True, slots=True)
class Column:
    """Width of an indentation; two are comparable only if both widths say the same.

    Attributes:
        wide: With tabs to the next multiple of eight.
        narrow: With tabs as one.
    """

    wide: int = 0
    narrow: int = 0

    @classmethod
    def of(cls, indent: bytes) -> Column:
        """Measure white space."""
        return cls(len(indent.expandtabs(_TAB)), len(indent))

    def plus(self, step: Column) -> Column:
        """Return this much and a step more."""
        return Column(self.wide + step.wide, self.narrow + step.narrow)

    def minus(self, outer: Column) -> Column:
        """Return the step from ``outer`` to this."""
        return Column(self.wide - outer.wide, self.narrow - outer.narrow)

    def inside(self, outer: Column) -> bool:
        """Whether this is deeper than ``outer``, however wide a tab is."""
        return self.wide > outer.wide and self.narrow > outer.narrow

    def within(self, inner: Column) -> bool:
        """Whether white space of this width may grow to ``inner``."""
        return self.wide <= inner.wide and self.narrow <= inner.narrow


@dataclass(frozen=True, slots=True)
class Blocks:
    """The open blocks at a place.

    Attributes:
        levels: Their indentations, outermost first.
        header: The last byte of code was a colon outside brackets; at a line start a block has to follow.
    """

    levels: tuple[Column, ...] = (Column(),)
    header: bool = False

    def admits(self, indent: bytes) -> bool:
        """Whether a statement may begin at this indentation."""
        return self.takes(Column.of(indent))

    def takes(self, column: Column) -> bool:
        """Whether a statement may begin at this column."""
        return column.inside(self.levels[-1]) if self.header else column in self.levels

    def entered(self, column: Column, header: bool = False) -> Blocks:
        """Return the blocks behind a statement at this column, or behind the colon of a header there."""
        return Blocks(_entered(self.levels, column), header)

    def reachable(self, indent: bytes) -> bool:
        """Whether white space that begins like this may become an indentation that is admitted."""
        column = Column.of(indent)
        return self.header or any(column.within(level) for level in self.levels)

    def step(self, before: Scan, after: Scan, byte: int) -> Blocks:
        """Return the blocks after one byte; an indentation that is not admitted is taken for one that is."""
        if begins_statement(before, byte):
            return self.entered(Column.of(before.indent))
        return self.within_line((after,), bytes((byte,)))

    def within_line(self, after: Sequence[Scan], data: bytes) -> Blocks:
        """Return the blocks after bytes that begin no line: the last one of code counts."""
        if not self.header and _COLON not in data:
            return self
        for at in range(len(data) - 1, -1, -1):
            if data[at] not in _NO_END and (mode := after[at].mode) is not Mode.COMMENT:
                header = data[at] == _COLON and mode is Mode.CODE and after[at].depth == 0
                return self if header == self.header else Blocks(self.levels, header)
        return self


def begins_statement(before: Scan, byte: int) -> bool:
    """Whether this byte is the first one of a logical line's code."""
    return before.at_line_start and byte not in _BESIDE_CODE


def open_blocks(prefix: bytes, end: LexicalState) -> Blocks:
    """Return the blocks behind a text that ends at a line start, where the lexical state is ``end``.

    Only the text from the last top-level definition on is read, unless that is not what it seems to
    be: a line inside a string, which shows in another state at the end.
    """
    for definition in reversed(list(_TOP_LEVEL.finditer(prefix))[-2:]):
        blocks, scan = _read(prefix[definition.start() :])
        if (scan.mode, scan.nesting, scan.line) == (end.mode, end.nesting, end.line):
            return blocks
    return _read(prefix)[0]


class First(NamedTuple):
    """Where the first statement of a text begins.

    Attributes:
        blocks: What is open there.
        indent: Its indentation; None if the text has no statement.
    """

    blocks: Blocks
    indent: bytes | None


@lru_cache(maxsize=16)
def first_statement(blocks: Blocks, scan: Scan, text: bytes) -> First | None:
    """Find the first statement that begins in a text read on from here; None if it begins too far away."""
    for line in _LINE.finditer(text[:READ_BYTES]):
        if scan.depth and (behind := scan_text(line[0], scan)).depth:
            blocks, scan = Blocks(blocks.levels), behind  # inside brackets, or a string, no statement begins
            continue
        for byte in line[0]:
            if begins_statement(scan, byte):
                return First(blocks, scan.indent)
            after = scan.step(byte)
            blocks, scan = blocks.step(scan, after, byte), after
    return First(blocks, None) if len(text) <= READ_BYTES else None


class Descent(NamedTuple):
    """How the statements of a text leave their blocks.

    Attributes:
        columns: Where the first one stands, then each that is less deep than all before it.
        word: The first word of the first one, b"" if it begins with none.
    """

    columns: tuple[Column, ...]
    word: bytes


@lru_cache(maxsize=16)
def descent(text: bytes) -> Descent:
    """Read the beginning of a text that begins at a line start, outside brackets and strings."""
    columns: list[Column] = []
    word, scan = b"", START
    for line in _LINE.finditer(text[:READ_BYTES]):
        code = line[0].lstrip(b" \t\f")
        if scan.at_line_start and code[:1] not in _NO_CODE:
            column = Column.of(line[0][: len(line[0]) - len(code)].rpartition(b"\f")[2])
            word = word if columns else code[: len(code) - len(code.lstrip(_WORD))]
            if not columns or columns[-1].inside(column):
                columns.append(column)
            if not column.wide:
                break
        scan = scan_text(line[0], scan)
    return Descent(tuple(columns), word)


def read_on(blocks: Blocks, scan: Scan, text: bytes) -> tuple[Blocks, Scan]:
    """Return the blocks and the lexical state after some more text."""
    for byte in text:
        after = scan.step(byte)
        blocks, scan = blocks.step(scan, after, byte), after
    return blocks, scan


def _read(text: bytes) -> tuple[Blocks, Scan]:
    """Read a text that begins outside all blocks; bytes are looked at one by one on its last line of code alone."""
    levels: tuple[Column, ...] = (Column(),)
    scan, last, before = START, 0, START
    for line in _LINE.finditer(text):
        code = line[0].lstrip(b" \t\f")
        if code[:1] not in _NO_CODE or not scan.at_line_start:
            last, before = line.start(), scan
            if scan.at_line_start:
                levels = _entered(levels, Column.of(line[0][: len(line[0]) - len(code)].rpartition(b"\f")[2]))
        scan = scan_text(line[0], scan)
    return read_on(Blocks(levels), before, text[last:])


def _entered(levels: tuple[Column, ...], column: Column) -> tuple[Column, ...]:
    """Close what is not around ``column``, and open it if it is new."""
    return (*(level for level in levels if column.inside(level)), column)
