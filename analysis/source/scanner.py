"""The scanner of all languages but Python: where in the lexical grammar of a table a text stands.

``SourceScan`` is for them what ``analysis.python.scanner.Scan`` is for Python: one immutable state that all
monitors share, the same however the text before it was cut.  The rules: ``analysis.source.rules``.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Final

from analysis.python.lexicon import NEWLINE, RETURN
from analysis.python.place import HOLE
from analysis.python.scanner import Mode
from analysis.source.chain import longest_first, primary_before
from analysis.source.lexis import Lexis
from analysis.source.rules import after
from analysis.source.state import DIRECTIVE, Core, Last, Level, Lex, Rules, rules_of

_BYTES: Final = tuple(bytes((byte,)) for byte in range(256))
_PIECE: Final = 2048
"""Bytes that are remembered together."""
_TAIL: Final = 256
"""Bytes of a line that are copied at each step; what came before is shared between states."""
_STRINGS: Final = frozenset(
    (Lex.OPENED, Lex.STRING, Lex.ESCAPE, Lex.REGEX, Lex.REGEX_ESCAPE, Lex.CLASS, Lex.CLASS_ESCAPE, Lex.IN_CHILDREN)
)
_COMMENTS: Final = frozenset((Lex.LINE_COMMENT, Lex.BLOCK_COMMENT))
_JOINING: Final = (b"(", b"[", HOLE)
"""Levels in which a line end does not end the logical line."""


class SourceScan:
    """Lexical state of source after some bytes; attributes as those of ``analysis.python.scanner.Scan``.

    Attributes:
        indent: Indentation of the current logical line.
        ended: Whether the last byte was a line end that ended a non-blank logical line.
    """

    __slots__ = ("_core", "_head", "_memo", "_rules", "_tail", "ended", "indent")

    def __init__(self, rules: Rules, core: Core, indent: bytes, head: bytes, tail: bytes, ended: bool) -> None:
        """Make a state; outside this module states come from ``start_of`` and ``step``."""
        self._rules = rules
        self._core = core
        self.indent = indent
        self._head = head
        self._tail = tail
        self.ended = ended
        self._memo: dict[int, SourceScan] | None = None

    def step(self, byte: int) -> SourceScan:
        """Return the state after one more byte."""
        memo = self._memo
        if memo is None:
            memo = self._memo = {}
        found = memo.get(byte)
        if found is None:
            found = memo[byte] = self._next(byte)
        return found

    def _next(self, byte: int) -> SourceScan:
        core = after(self._rules, self._core, byte)
        head, tail = self._head, self._tail
        if (byte == NEWLINE or byte == RETURN) and ends_line(core):
            return SourceScan(self._rules, core, b"", b"", b"", bool(tail))
        if not tail and byte in b" \t\f":
            return SourceScan(self._rules, core, self.indent + _BYTES[byte], b"", b"", False)
        if len(tail) == _TAIL:
            head, tail = head + tail, b""
        return SourceScan(self._rules, core, self.indent, head, tail + _BYTES[byte], False)

    def fresh(self) -> SourceScan:
        """Return this state without the states after it: one that is kept must not hold what a request has tried."""
        return SourceScan(self._rules, self._core, self.indent, self._head, self._tail, self.ended)

    def behind_text(self) -> SourceScan | None:
        """Return the state if the string that is being written, one of several lines, ended here; None in no such."""
        core = self._core
        if core.lex is not Lex.STRING or not (level := core.levels[-1]).text or not level.text.multiline:
            return None
        core = Core(levels=core.levels[:-1], last=Last.VALUE, alone=False, conditions=core.conditions)
        return SourceScan(self._rules, core, self.indent, self._head, self._tail, False)

    @property
    def name(self) -> bytes:
        """Identifier being written, b"" when the last byte is not part of one."""
        return self._core.name

    @property
    def mode(self) -> Mode:
        """What the next byte belongs to; the text of an element counts as a string."""
        lex = self._core.lex
        return Mode.STRING if lex in _STRINGS else Mode.COMMENT if lex in _COMMENTS else Mode.CODE

    @property
    def pending(self) -> bytes:
        """Last bytes of code that may be the beginning of a longer token: a ``/``, of a comment."""
        return self._core.pending

    @property
    def certain(self) -> bool:
        """Whether brackets mean what they say: not in a preprocessor's line, nor where the language cannot be told."""
        return not self._core.unsure and not self.in_directive

    @property
    def in_directive(self) -> bool:
        """Whether a preprocessor's line is being written."""
        return self._rules.lexis.directives and any(level.kind == DIRECTIVE for level in self._core.levels)

    @property
    def conditions(self) -> tuple[int, ...]:
        """How much was open at each ``#if`` of the preprocessor that is not ended, outermost first."""
        return tuple(map(len, self._core.conditions))

    @property
    def nesting(self) -> tuple[bytes, ...]:
        """Everything open, outermost first: brackets, ``HOLE``, strings and comments by what closes them."""
        return tuple(level.kind for level in self._core.levels)

    @property
    def depth(self) -> int:
        """Length of ``nesting``."""
        return len(self._core.levels)

    @property
    def brackets(self) -> bytes:
        """Open brackets of code, innermost last; that of a hole is among them."""
        kinds = (b"{" if level.kind == HOLE else level.kind for level in self._core.levels)
        return b"".join(kind for kind in kinds if kind in (b"(", b"[", b"{"))

    @property
    def quote(self) -> bytes:
        """Closing delimiter of the innermost open string, also inside its holes; b"" when none."""
        return next((level.kind for level in reversed(self._core.levels) if level.text is not None), b"")

    @property
    def line(self) -> bytes:
        """The current logical line from its first non-blank byte, lines joined by brackets included."""
        return self._head + self._tail

    @property
    def keyword(self) -> bytes:
        """Nothing: no word decides what the line's end means."""
        return b""

    @property
    def in_call(self) -> bool:
        """Whether the innermost open bracket may hold the arguments of a call."""
        levels = self._core.levels
        return bool(levels) and levels[-1].kind == b"(" and not levels[-1].control

    @property
    def receiver(self) -> str | None:
        """Source before the last member operator, behind it or in the name behind it; None elsewhere."""
        if self.mode is not Mode.CODE or not self.certain:
            return None
        line = self.line
        before = line[: len(line) - len(self.name)].rstrip()
        operator = next((sign for sign in longest_first(self._rules.lexis.members) if before.endswith(sign)), None)
        if operator is None or before[-len(operator) - 1 : -len(operator)] in (b".", b":"):
            return None
        return primary_before(before[: -len(operator)].rstrip(), self._rules) or None

    @property
    def chain(self) -> str:
        """Source of the primary expression that ends here, "" when none does."""
        if self.mode is not Mode.CODE or not self.certain:
            return ""
        return primary_before(self.line, self._rules)

    @property
    def at_line_start(self) -> bool:
        """Whether only white space has come on this logical line, outside brackets that join lines and strings."""
        return not self._tail and self.mode is Mode.CODE and not joins(self._core)

    def __eq__(self, other: object) -> bool:
        """Whether both states are the same."""
        if self is other:
            return True
        if not isinstance(other, SourceScan):
            return NotImplemented
        return (
            self._rules is other._rules
            and self._core == other._core
            and self.ended == other.ended
            and self.indent == other.indent
            and self.line == other.line
        )

    def __hash__(self) -> int:
        """Hash of a part that differs between most states."""
        return hash((self._core.lex, self._core.name, len(self._core.levels), self.indent, len(self.line)))

    def __repr__(self) -> str:
        """The end of the line, with the mode."""
        return f"<SourceScan {self.mode.value} {self.line[-40:]!r}>"


def joins(core: Core) -> bool:
    """Whether a line end here does not end the logical line."""
    return bool(core.levels) and core.levels[-1].kind in _JOINING


def ends_line(core: Core) -> bool:
    """Whether the line end that led to this state has ended a logical line."""
    return core.lex is Lex.CODE and core.alone and not joins(core)


@cache
def start_of(lexis: Lexis) -> SourceScan:
    """Return the state of an empty file."""
    return SourceScan(rules_of(lexis), Core(), b"", b"", b"", False)


def scan_source(text: str | bytes, start: SourceScan) -> SourceScan:
    """Return the state after a whole text: that of ``step`` on each of its UTF-8 bytes, but fast."""
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    rules, core, indent, ended = start._rules, start._core, start.indent, start.ended
    line_start, before = 0, start.line
    blank, offset = not before, -1
    while (offset := offset + 1) < len(data):
        run = None if blank or core.pending else _run_of(core)
        if run is not None and (match := run.match(data, offset)):
            if core.lex is Lex.NAME:
                core = core._replace(name=core.name + match[0])
            ended, offset = False, match.end() - 1
            continue
        byte = data[offset]
        core = after(rules, core, byte)
        if (byte == NEWLINE or byte == RETURN) and ends_line(core):
            ended, indent, before, line_start, blank = not blank, b"", b"", offset + 1, True
        else:
            ended = False
            if blank:
                if byte in b" \t\f":
                    indent, line_start = indent + _BYTES[byte], offset + 1
                else:
                    blank = False
    return SourceScan(rules, core, indent, b"", before + data[line_start:], ended)


def scan_document(text: str | bytes, start: SourceScan) -> SourceScan:
    """Return the state after a whole text like ``scan_source``; what was read before is remembered piece by piece."""
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    scan = start
    for offset in range(0, len(data), _PIECE):
        scan = _after_piece(scan, data[offset : offset + _PIECE])
    return scan


@lru_cache(maxsize=1024)
def _after_piece(scan: SourceScan, piece: bytes) -> SourceScan:
    return scan_source(piece, scan)


_RUNS: Final = {
    Lex.CODE: re.compile(rb"[ \t\f]+"),
    Lex.NAME: re.compile(rb"[A-Za-z0-9_]+"),
    Lex.NUMBER: re.compile(rb"[A-Za-z0-9_]+"),
    Lex.IN_CHILDREN: re.compile(rb"[^<{]+"),
    Lex.REGEX: re.compile(rb"[^\\\[/\r\n]+"),
    Lex.LINE_COMMENT: re.compile(rb"[^\r\n]+"),
    Lex.BLOCK_COMMENT: re.compile(rb"[^*/]+"),
}
"""Runs of bytes that leave a state as it is, by ``lex``; only a name grows."""


def _run_of(core: Core) -> re.Pattern[bytes] | None:
    if core.lex is Lex.STRING:
        return _run_in(core.levels[-1])
    return _RUNS.get(core.lex)


@lru_cache(maxsize=256)
def _run_in(level: Level) -> re.Pattern[bytes]:
    text = level.text
    special = level.kind + (text.hole if text else b"") + b"\\\r\n"
    return re.compile(b"[^" + re.escape(special) + b"]+")
