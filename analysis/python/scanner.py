"""The scanner: where in Python's lexical grammar a text stands after each byte.

``Scan`` is one immutable state that all monitors share.  A state is the same however the text
before it was cut, going back means dropping a value, and candidates that share a beginning
share the work, because every state remembers the states after it.
"""

from __future__ import annotations

import enum
import re
from functools import partial
from typing import Final

from analysis.names import EMPTY
from analysis.python import place as at_place
from analysis.python.automaton import (
    BLANK,
    BODY,
    CHARACTER_NAME,
    CLOSING,
    CLOSING_TWO,
    COMMENT,
    EMPTY_STRING,
    ENDED,
    ESCAPE,
    ESCAPE_NAME,
    EXPONENT,
    FRACTION,
    HANDLERS,
    INTEGER,
    LINE,
    LONE_COMMENT,
    NAME,
    QUOTE,
    RADIX,
    SUFFIX,
)
from analysis.python.lexicon import BLANKS, FORM_FEED, IMPORTS, KEYWORDS, NEWLINE, RETURN
from analysis.python.place import NOWHERE, Place
from analysis.python.skeleton import skip_lines


class Mode(enum.Enum):
    """What the next byte belongs to; a hole of an f-string is code."""

    CODE = "code"
    STRING = "string"
    COMMENT = "comment"


_BYTES: Final = tuple(bytes((byte,)) for byte in range(256))
_ASCII_WORD: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")
_NUMBERS: Final = frozenset((FRACTION, EXPONENT, RADIX, SUFFIX))
_RUNS: Final = {
    NAME: re.compile(rb"[A-Za-z0-9_]+"),
    INTEGER: re.compile(rb"[0-9_]+"),
    BLANK: re.compile(rb"[ \t\f]+"),
    BODY: re.compile(rb"[^\"'\\{}\r\n]+"),
    COMMENT: re.compile(rb"[^\r\n]+"),
    LONE_COMMENT: re.compile(rb"[^\r\n]+"),
}
"""Runs of bytes that leave a state as it is, by ``lex``; only a name grows."""
_STRINGS: Final = frozenset((BODY, ESCAPE, ESCAPE_NAME, CHARACTER_NAME, QUOTE, CLOSING, CLOSING_TWO))
_MODES: Final = tuple(
    Mode.STRING if lex in _STRINGS else Mode.COMMENT if lex in (COMMENT, LONE_COMMENT) else Mode.CODE
    for lex in range(len(HANDLERS))
)
_CR: Final = 32
"""Added to ``lex`` behind a carriage return that was taken for a line end: a newline adds nothing to it."""
_TAIL: Final = 256
"""Bytes of a line that are copied at each step; what came before is shared between states."""


class Scan:
    """Lexical state of Python source after some bytes.

    States are equal if all that is public here is equal and stays so for any text to come.
    Broken source never fails: a quote that its line does not close ends with the line, a closing
    bracket that was not opened is ignored, one of an outer bracket closes the inner ones.

    Attributes:
        name: Identifier being written, b"" when the last byte is not part of one.
        indent: Indentation of the current logical line.
    """

    __slots__ = ("_head", "_lex", "_memo", "_place", "_tail", "indent", "name")

    def __init__(self, lex: int, name: bytes, place: Place, indent: bytes, head: bytes, tail: bytes) -> None:
        """Make a state; outside this module states come from ``START`` and ``step``."""
        self._lex = lex
        self.name = name
        self._place = place
        self.indent = indent
        self._head = head
        self._tail = tail
        self._memo: dict[int, Scan] | None = None

    def step(self, byte: int) -> Scan:
        """Return the state after one more byte."""
        memo = self._memo
        if memo is None:
            memo = self._memo = {}
        after = memo.get(byte)
        if after is None:
            after = memo[byte] = self._next(byte)
        return after

    def _next(self, byte: int) -> Scan:
        head, tail = self._head, self._tail
        old = self._lex
        if old == NAME and byte in _ASCII_WORD:  # the most common step, which changes little
            lex, name, place = NAME, self.name + _BYTES[byte], self._place
        else:
            lex, name, place = _transition(old, self.name, self._place, len(head) + len(tail), byte)
        if lex & ~_CR <= ENDED:
            indent = _indented(self.indent, byte) if old & ~_CR <= ENDED else b""
            return Scan(lex, name, place, indent, b"", b"")
        if len(tail) == _TAIL:
            head, tail = head + tail, b""
        return Scan(lex, name, place, self.indent, head, tail + _BYTES[byte])

    def fresh(self) -> Scan:
        """Return this state with empty ``bound``."""
        place = self._place._replace(names=EMPTY)
        return Scan(self._lex, self.name, place, self.indent, self._head, self._tail)

    def detached(self, depth: int) -> Scan:
        """Return the state of a text that stands in nothing but the strings among the outer ``depth`` levels.

        For reading a text apart from what is open around it: brackets around the strings, and
        tokens half written, are forgotten; strings and their holes are kept.
        """
        levels = [at_place.BOTTOM]
        for level in self._settled().levels[1 : depth + 1]:
            if level.kind in (at_place.STRING, at_place.HOLE, at_place.SPEC):
                brackets = levels[-1].brackets + b"{" * (level.kind == at_place.HOLE)
                levels.append(level._replace(brackets=brackets))
        inside = levels[-1].kind in (at_place.STRING, at_place.SPEC)
        lex = BODY if inside else self._lex & ~_CR if self.mode is Mode.COMMENT else BLANK
        return Scan(lex, b"", Place(tuple(levels), target=at_place.LOAD), b"", b"", b"")

    @property
    def mode(self) -> Mode:
        """What the next byte belongs to."""
        return _MODES[self._lex & ~_CR]

    @property
    def brackets(self) -> bytes:
        """Open brackets of code, innermost last; the ``{`` of an f-string hole is among them."""
        return self._place.levels[-1].brackets

    @property
    def quote(self) -> bytes:
        """Closing delimiter of the innermost open string, also inside its holes; b"" when none."""
        return self._settled().levels[-1].quote

    @property
    def nesting(self) -> tuple[bytes, ...]:
        """Everything open, outermost first: brackets, strings by their quotes, ``HOLE``, ``SPEC``."""
        levels = self._settled().levels[1:]
        return tuple(level.quote if level.kind == at_place.STRING else level.kind for level in levels)

    @property
    def depth(self) -> int:
        """Length of ``nesting``."""
        return len(self._settled().levels) - 1

    @property
    def formatted(self) -> bool:
        """Whether the next byte is text of an f-string or t-string."""
        return self.mode is Mode.STRING and at_place.is_formatted(self._place.levels[-1].prefix)

    @property
    def line(self) -> bytes:
        """The current logical line from its first non-blank byte, joined lines included."""
        return self._head + self._tail

    @property
    def receiver(self) -> str | None:
        """Source before the last dot, behind it or in the name behind it; None elsewhere and in imports."""
        place = self._place
        if place.receiver == NOWHERE or place.statement.word in IMPORTS or self.mode is not Mode.CODE:
            return None
        return _text(self.line[place.start : place.receiver])

    @property
    def chain(self) -> str:
        """Source of the primary expression that ends here, "" when none does."""
        place = self._settled()
        lex = self._lex & ~_CR
        if place.start == NOWHERE or self.mode is not Mode.CODE:
            return ""
        if lex == NAME:
            return "" if self.name in KEYWORDS and place.receiver == NOWHERE else _text(self.line[place.start :])
        if place.receiver != NOWHERE or lex == INTEGER:
            return ""
        return _text(self.line[place.start : place.end] if lex not in _NUMBERS else self.line[place.start :])

    @property
    def target(self) -> bool:
        """Whether the primary being written could still be assigned to; stores are never constrained."""
        return self.mode is Mode.CODE and self._settled().target != at_place.LOAD

    @property
    def keyword(self) -> bytes:
        """First word of the logical line if it is a keyword, else b""."""
        return self._place.statement.keyword

    @property
    def in_call(self) -> bool:
        """Whether the innermost open bracket holds the arguments of a call, or a class's or function's brackets."""
        level = self._place.levels[-1]
        return level.call and level.kind == b"("

    @property
    def opening(self) -> int:
        """Offset in ``line`` of the innermost open bracket, or of what it calls or picks from."""
        return self._settled().levels[-1].start

    @property
    def binder(self) -> bool:
        """Whether a ``def`` or ``lambda`` stands on the logical line, so that names may be parameters."""
        return self._place.statement.binder

    @property
    def bound(self) -> frozenset[str]:
        """Names that the text since ``fresh`` may have bound or narrowed; more rather than fewer."""
        return self._place.names.names

    @property
    def ended(self) -> bool:
        """Whether the last byte was the newline that ended a non-blank logical line."""
        return self._lex & ~_CR == ENDED

    @property
    def at_line_start(self) -> bool:
        """Whether only white space has come on this logical line, outside brackets and strings."""
        return self._lex & ~_CR <= ENDED

    def _settled(self) -> Place:
        """The place, with a string closed that may be empty or still become a triple-quoted one."""
        if self._lex & ~_CR != EMPTY_STRING:
            return self._place
        return at_place.string_closed(self._place, len(self._head) + len(self._tail) - 1)

    def __eq__(self, other: object) -> bool:
        """Whether both states are the same."""
        if self is other:
            return True
        if not isinstance(other, Scan):
            return NotImplemented
        return (
            self._lex == other._lex
            and self.name == other.name
            and self.indent == other.indent
            and self.line == other.line
            and self._place == other._place
        )

    def __hash__(self) -> int:
        """Hash of a part that differs between most states."""
        place = self._place
        return hash((self._lex, self.name, self.indent, len(self._head) + len(self._tail), place.start, place.end))

    def __repr__(self) -> str:
        """The end of the line, with the mode."""
        return f"<Scan {self.mode.value} {self.line[-40:]!r}>"


class _Forgetful(dict[int, Scan]):
    """A memo that keeps nothing: the one state that lives for ever must not hold all others."""

    def __setitem__(self, byte: int, after: Scan) -> None:
        """Drop it."""


START: Final = Scan(LINE, b"", Place(), b"", b"", b"")
"""The state of an empty file."""
START._memo = _Forgetful()


def scan_text(text: str | bytes, start: Scan = START) -> Scan:
    """Return the state after a whole text: that of ``step`` on each of its UTF-8 bytes, but fast.

    Whole logical lines are jumped over and runs of plain bytes taken at once.  The names bound
    in what was jumped over are collected only when ``bound`` is asked for.
    """
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    scan, offset = start, 0
    while offset < len(data):
        if scan.at_line_start and (target := skip_lines(data, offset)) > offset:
            names = scan._place.names.later(partial(_names_between, data, offset, target))
            scan, offset = Scan(LINE, b"", Place(names=names), b"", b"", b""), target
        scan, offset = _scan_line(data, offset, scan)
    return scan


def _names_between(data: bytes, offset: int, end: int) -> frozenset[str]:
    scan, part = START, data[offset:end]
    offset = 0
    while offset < len(part):
        scan, offset = _scan_line(part, offset, scan)
    return scan.bound


def _scan_line(data: bytes, offset: int, scan: Scan) -> tuple[Scan, int]:
    """Scan until a logical line ends; return the state behind it and its offset."""
    lex, name, place, indent = scan._lex, scan.name, scan._place, scan.indent
    before = scan.line
    # Where the line would start in ``data`` if all of it stood there.
    line_start = offset - len(before)
    while offset < len(data):
        run = _RUNS.get(lex)
        if run is not None and (match := run.match(data, offset)):
            if lex == NAME:
                name += match[0]
            offset = match.end()
            continue
        byte = data[offset]
        old = lex
        lex, name, place = _transition(lex, name, place, offset - line_start, byte)
        offset += 1
        if lex & ~_CR <= ENDED:
            indent = _indented(indent, byte) if old & ~_CR <= ENDED else b""
            line_start, before = offset, b""
            if byte == NEWLINE or byte == RETURN:
                break
    if lex & ~_CR <= ENDED:
        return Scan(lex, name, place, indent, b"", b""), offset
    line = before + data[max(line_start, 0) : offset] if before else data[line_start:offset]
    return Scan(lex, name, place, indent, line, b""), offset


def _transition(lex: int, name: bytes, place: Place, at: int, byte: int) -> tuple[int, bytes, Place]:
    """One byte of any text: folds the three line ends into one newline, then asks the automaton."""
    if lex >= _CR:
        lex -= _CR
        if byte == NEWLINE:
            return lex, name, place
    if byte == RETURN:
        lex, name, place = HANDLERS[lex](place, name, at, NEWLINE)
        return lex + _CR, name, place
    return HANDLERS[lex](place, name, at, byte)


def _indented(indent: bytes, byte: int) -> bytes:
    """Indentation after a byte at a line start; a form feed begins it anew (reference manual, 2.1.8)."""
    return indent + _BYTES[byte] if byte in BLANKS and byte != FORM_FEED else b""


def _text(source: bytes) -> str:
    return source.decode("utf-8", "surrogateescape")
