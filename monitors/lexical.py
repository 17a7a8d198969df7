"""Monitor ``lexical``: bytes that Python's lexical grammar has no place for.

What may not stand in code: control characters, ``$``, ``?``, backquotes; a ``!`` that is neither
part of ``!=`` nor in a hole of an f-string; a backslash that does not end its line; behind the dot
of an attribute anything but a name; in a line that imports what its grammar has no place for
(``monitors.import_lines``); at the start of a statement, and behind a word like ``if`` or ``not``, what
goes on from an operand; where an operand has to begin, a reserved word that none begins with; in
parentheses a colon that is not part of ``:=`` behind a name.
Silent: in strings and comments, on what the user typed, on lines of the suffix behind the first, and on
colons in parentheses that the suffix does not close.  Sound by the reference manual, section 2 ("occurrence
outside string literals and comments is an unconditional error"), 6, 7 and 7.11.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from analysis.facts import FactView
from analysis.python.lexicon import BLANKS, IMPORTS, KEYWORDS, LETTERS, OPERAND_WORDS, WORD
from analysis.python.scanner import Mode, Scan, scan_text
from analysis.python.suffix import read_suffix
from monitors.base import EVERYTHING, FORBIDDEN, Factless, Kind, Lexed, Selective, Site, bits
from monitors.import_lines import fits, is_whole

_BANG: Final = ord("!")
_BACKSLASH: Final = ord("\\")
_DOT: Final = ord(".")
_ILLEGAL: Final = (frozenset(range(0x20)) | frozenset(b"$?`\x7f")) - frozenset(b"\t\n\r\f")
_BETWEEN: Final = frozenset(b" \t\f\r\n\\#")
"""What may stand between a dot and its name: blanks, line joining, and in brackets a comment."""
_RELEVANT: Final = re.compile(rb"[^\t\f\x20-\x7e\x80-\xff]|[$?`!\\.;]|(?:^|[\r\n])[ \t\f]*[<>=,:%/&|^)\]}]")
"""What may have no place, leaves something that has to follow, or ends a statement."""
_WORD_ALONE: Final = re.compile(rb" ?[A-Za-z0-9_\x80-\xff]+")
"""What most tokens are: of this nothing is relevant but that it ends the word before."""
_SIGNS: Final = bits(frozenset(range(256)) - WORD)
_REFUSED: Final = KEYWORDS - OPERAND_WORDS
"""Words that no operand begins with."""
_RESERVED: Final = re.compile(rb"(?<![\w\x80-\xff])(?:" + b"|".join(sorted(KEYWORDS)) + rb")(?=[^\w\x80-\xff])")
"""A reserved word and its end."""
_AWAITING: Final = re.compile(rb"(?:[=([{+\-%&|^<>~]|(?<![\w\x80-\xff.])(?:return|if|elif|while|and|or))[ \t\f]*\Z")
"""Behind what an operand has to begin, if it is a word that comes."""
_BEHIND_OPERANDS: Final = frozenset(b"<>=,:;%/&|^)]}")
"""What no operand begins with, and no statement."""
_WANTING: Final = re.compile(rb"(?<![\w\x80-\xff.])(?:if|elif|while|and|or|not|in|is|for|del|assert|with|await)\Z")
"""Words behind which an operand has to come."""
_LONGEST_WANTING: Final = len(b" assert")
_COLON: Final = ord(":")
_NAMED: Final = re.compile(rb"[(,][\s\\]*[^\W\d](?:[\w\x80-\xff])*[ \t\f]*\Z")
"""The end of a line where a name may get its value by ``:=``."""
_DEFINING: Final = frozenset((b"def", b"async"))
_LINE_ENDS: Final = frozenset(b"\r\n#")
"""What ends a statement outside brackets."""


@dataclass(frozen=True, slots=True)
class Behind:
    """State of the monitor.

    Attributes:
        ahead: Bytes of the typed part to come; they are the user's.
        only: Bytes one of which has to come next; b"" if any may.
        dot: A dot waits for its name.
    """

    ahead: int
    only: bytes = b""
    dot: bool = False


class Lexical(Factless, Selective):
    """One request; see the module."""

    name = "lexical"
    kind = Kind.SOUND

    def __init__(self, site: Site) -> None:
        """Leave the typed part alone."""
        self._typed = len(site.typed)
        self._theirs = unclosed(site)

    def start(self) -> Behind:
        """Return the state at the start of the middle."""
        return Behind(self._typed)

    def step(self, state: Behind, text: Lexed, view: FactView) -> tuple[float, Behind]:
        """Forbid a byte that has no place."""
        if _is_plain(state, text):
            return 0.0, (Behind(max(0, state.ahead - len(text.data))) if state.ahead else state)
        penalty = 0.0
        before = text.before
        ahead, only, dot = state.ahead, state.only, state.dot
        for byte, after in zip(text.data, text.after, strict=True):
            if ahead == 0 and not penalty:
                fits = _has_place(before, byte, only, dot) and self._fits_colon(before, byte)
                penalty = 0.0 if fits else FORBIDDEN
            ahead = max(0, ahead - 1)
            only = self._what_must_follow(before, byte)
            dot = (byte == _DOT or (dot and byte in _BETWEEN)) and not after.name and after.receiver is not None
            before = after
            if text.is_suffix and after.at_line_start:
                break
        return penalty, Behind(ahead, only, dot)

    def hears(self, state: Behind, scan: Scan) -> int:
        """Return what is part of no word; on what was typed, in imports, and where something is awaited, everything."""
        is_awaited = state.ahead or state.only or state.dot
        return EVERYTHING if is_awaited or scan.keyword in IMPORTS else _SIGNS

    def _what_must_follow(self, before: Scan, byte: int) -> bytes:
        if before.mode is not Mode.CODE:
            return b""
        if byte == _BACKSLASH:
            return b"\r\n"
        if byte == _BANG:
            return b"" if before.quote else b"="
        return b"=" if byte == _COLON and is_in_parentheses(before, self._theirs) else b""

    def _fits_colon(self, before: Scan, byte: int) -> bool:
        """Whether a byte is none, or begins ``:=`` in parentheses, or stands elsewhere."""
        if byte != _COLON or before.mode is not Mode.CODE or not is_in_parentheses(before, self._theirs):
            return True
        return before.name not in KEYWORDS and _NAMED.search(before.line) is not None


def is_in_parentheses(scan: Scan, theirs: int) -> bool:
    """Whether a colon here stands in parentheses that hold no parameters, and that something closes.

    Args:
        scan: The place.
        theirs: ``unclosed`` at the cursor.
    """
    is_open = scan.brackets.endswith(b"(") and len(scan.brackets) > theirs
    is_binder = scan.binder or scan.name == b"lambda"
    return is_open and not is_binder and scan.keyword not in _DEFINING


def unclosed(site: Site) -> int:
    """Return how many brackets are open at the cursor, 0 if the suffix closes those from before its line."""
    cursor = scan_text(site.typed, site.start)
    reading = read_suffix(cursor, site.suffix) if site.start.brackets else None
    closed = reading.shared(cursor.nesting) if reading is not None else None
    return 0 if (closed or 0) >= site.start.depth else len(cursor.brackets)


def _is_plain(state: Behind, text: Lexed) -> bool:
    """Whether nothing waits for its byte, and none of ``text`` has no place or leaves something to follow."""
    if state.only or state.dot:
        return False
    if _WORD_ALONE.fullmatch(text.data):
        if text.data[0] not in WORD and text.before.name in KEYWORDS:
            return False
    elif _RELEVANT.search(text.data) or _RESERVED.search(text.before.name + text.data):
        return False
    elif _COLON in text.data and (text.before.brackets or b"(" in text.data):
        return False
    return text.before.keyword not in IMPORTS and text.after[-1].keyword not in IMPORTS


def _has_place(before: Scan, byte: int, only: bytes, dot: bool) -> bool:
    if before.mode is not Mode.CODE:
        return True
    if only and byte not in only:
        return False
    if not _fits_import(before, byte):
        return False
    if before.name in _REFUSED and byte not in WORD and _awaits_operand(before.line[: -len(before.name)]):
        return False
    if byte in _BEHIND_OPERANDS and (before.at_line_start or _wants_operand(before.line)):
        return False
    if dot and byte not in LETTERS and byte not in _BETWEEN:
        return False
    if dot and byte in b"\r\n" and not before.brackets and not before.line.endswith(b"\\"):
        return False
    return byte not in _ILLEGAL


def _wants_operand(line: bytes) -> bool:
    """Whether the last word is one behind which an operand has to come."""
    return _WANTING.search(line.rstrip(b" \t\f")[-_LONGEST_WANTING:]) is not None


def _awaits_operand(line: bytes) -> bool:
    """Whether a reserved word that comes behind this would have to be one that an operand begins with."""
    return _AWAITING.search(line) is not None


def _fits_import(before: Scan, byte: int) -> bool:
    """Whether a byte may stand in a line that begins with an import; in one that is none, any may."""
    if before.keyword not in IMPORTS and (before.name not in IMPORTS or before.name != before.line):
        return True
    line = before.line
    if byte in BLANKS and line[-1] in BLANKS:
        return True
    if byte in _LINE_ENDS and not before.brackets and not line.endswith(b"\\"):
        return is_whole(line) or not fits(line)
    return fits(line + bytes((byte,))) or not fits(line)
