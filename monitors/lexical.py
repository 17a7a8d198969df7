"""Monitor ``lexical``: bytes that Python's lexical grammar has no place for.

What may not stand in code: control characters, ``$``, ``?``, backquotes; a ``!`` that is neither
part of ``!=`` nor in a hole of an f-string; a backslash that does not end its line; behind the dot
of an attribute anything but a name; in a line that imports anything but names and what stands between them;
at the start of a statement, and behind a word like ``if`` or ``not``, what goes on from an operand;
where an operand has to begin, a reserved word that none begins with.
Silent: in strings and comments, and on what the user typed.  Sound by the reference manual,
section 2 ("occurrence outside string literals and comments is an unconditional error"), 6, 7 and 7.11.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from analysis.facts import FactView
from analysis.python.lexicon import DIGITS, IMPORTS, KEYWORDS, LETTERS, OPERAND_WORDS, WORD
from analysis.python.scanner import Mode, Scan
from monitors.base import FORBIDDEN, Factless, Kind, Lexed, Site

_BANG: Final = ord("!")
_BACKSLASH: Final = ord("\\")
_DOT: Final = ord(".")
_ILLEGAL: Final = (frozenset(range(0x20)) | frozenset(b"$?`\x7f")) - frozenset(b"\t\n\r\f")
_BETWEEN: Final = frozenset(b" \t\f\r\n\\#")
"""What may stand between a dot and its name: blanks, line joining, and in brackets a comment."""
_RELEVANT: Final = re.compile(rb"[^\t\f\x20-\x7e\x80-\xff]|[$?`!\\.;]|(?:^|[\r\n])[ \t\f]*[<>=,:%/&|^)\]}]")
"""What may have no place, leaves something that has to follow, or ends a statement."""
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
_IN_IMPORTS: Final = WORD | frozenset(b" \t\f\r\n\\.,()*;#")


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


class Lexical(Factless):
    """One request; see the module."""

    name = "lexical"
    kind = Kind.SOUND

    def __init__(self, site: Site) -> None:
        """Leave the typed part alone."""
        self._typed = len(site.typed)

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
            if ahead == 0 and not _has_place(before, byte, only, dot):
                penalty = FORBIDDEN
            ahead = max(0, ahead - 1)
            only = _what_must_follow(before, byte)
            dot = (byte == _DOT or (dot and byte in _BETWEEN)) and not after.name and after.receiver is not None
            before = after
        return penalty, Behind(ahead, only, dot)


def _is_plain(state: Behind, text: Lexed) -> bool:
    """Whether nothing waits for its byte, and none of ``text`` has no place or leaves something to follow."""
    if state.only or state.dot or _RELEVANT.search(text.data) or _RESERVED.search(text.before.name + text.data):
        return False
    return text.before.keyword not in IMPORTS and text.after[-1].keyword not in IMPORTS


def _what_must_follow(before: Scan, byte: int) -> bytes:
    if before.mode is not Mode.CODE:
        return b""
    if byte == _BACKSLASH:
        return b"\r\n"
    return b"=" if byte == _BANG and not before.quote else b""


def _has_place(before: Scan, byte: int, only: bytes, dot: bool) -> bool:
    if before.mode is not Mode.CODE:
        return True
    if only and byte not in only:
        return False
    if before.keyword in IMPORTS and not _fits_import(before, byte):
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
    """Whether a byte may stand in a line that begins with an import; behind a semicolon there is another statement."""
    if byte in _IN_IMPORTS and (byte not in DIGITS or before.name):
        return True
    return b";" in before.line
