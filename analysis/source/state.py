"""The lexical state of a language with a ``Lexis``, and what its parts mean.

``Core`` is what decides what the next bytes mean; ``analysis.source.rules`` says what one byte makes of it.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, NamedTuple

from analysis.python.lexicon import DIGITS, NEWLINE, RETURN
from analysis.source.lexis import Lexis, Text

REGEX_KIND: Final = b"/"
DIRECTIVE: Final = b"#"
TAG: Final = b"<"
END_TAG: Final = b"</"
CHILDREN: Final = b"<>"
"""Kinds of levels besides brackets, ``HOLE``, and the closing delimiters of strings and comments."""

ELEMENT_PARTS: Final = frozenset((TAG, END_TAG, CHILDREN))


class Lex(enum.IntEnum):
    """What the next byte belongs to."""

    CODE = 0
    NAME = 1
    NUMBER = 2
    CONTINUED = 3
    """Behind a backslash that joins lines."""
    APOSTROPHE = 4
    """Behind a ``'`` that begins a character or a lifetime."""
    RAW = 5
    """Between a raw string's name and its text."""
    IN_TAG = 6
    IN_CHILDREN = 7
    OPENED = 8
    """Behind a quote that three of make another delimiter."""
    STRING = 9
    ESCAPE = 10
    REGEX = 11
    REGEX_ESCAPE = 12
    CLASS = 13
    CLASS_ESCAPE = 14
    LINE_COMMENT = 15
    BLOCK_COMMENT = 16


class Last(enum.IntEnum):
    """What the last token was, as far as it decides whether an operand or an operator comes next."""

    OPERATOR = 0
    VALUE = 1
    DOT = 2
    CONTROL = 3
    """A word whose brackets are followed by a statement: ``if (``."""
    SIGN = 4
    """A plus or minus behind a value: a second one makes it a value again."""
    BRACE = 5
    """A closing brace: of a block or of a value."""


class Level(NamedTuple):
    """Something open.

    Attributes:
        kind: Opening bracket, closing delimiter of a string or comment, or one of the kinds above.
        text: What kind of string it is, None for all else.
        control: A bracket behind ``if``, ``while`` and the like.
        word: Of a directive its first word.
    """

    kind: bytes
    text: Text | None = None
    control: bool = False
    word: bytes = b""


class Core(NamedTuple):
    """What decides what the next bytes mean.

    Attributes:
        lex: What the next byte belongs to.
        name: Identifier being written, b"" when the last byte is not part of one.
        levels: What is open, outermost first.
        pending: Bytes that may be the beginning of a longer token.
        last: What the last token was.
        alone: Only white space has come on this physical line.
        conditions: What was open at each ``#if`` that is not ended, outermost first.
        unsure: What follows cannot be told.
    """

    lex: Lex = Lex.CODE
    name: bytes = b""
    levels: tuple[Level, ...] = ()
    pending: bytes = b""
    last: Last = Last.OPERATOR
    alone: bool = True
    conditions: tuple[tuple[Level, ...], ...] = ()
    unsure: bool = False


@dataclass(frozen=True)
class Rules:
    """A ``Lexis`` made ready.

    Attributes:
        lexis: Itself.
        openers: What each opening delimiter opens.
        beginnings: Proper beginnings of those, and of what else takes two bytes to tell.
        word: Bytes that go on with a name.
    """

    lexis: Lexis
    openers: Mapping[bytes, tuple[Lex, Level | None]]
    beginnings: frozenset[bytes]
    word: frozenset[int]


@cache
def rules_of(lexis: Lexis) -> Rules:
    """Return the rules of a language."""
    openers: dict[bytes, tuple[Lex, Level | None]] = {}
    delimiters = {text.opening for text in lexis.texts}
    for text in lexis.texts:
        lex = Lex.OPENED if text.opening * 3 in delimiters else Lex.STRING
        openers[text.opening] = (lex, Level(text.closing, text))
    for opening in lexis.line_comments:
        openers[opening] = (Lex.LINE_COMMENT, None)
    for opening, closing in lexis.block_comments:
        openers[opening] = (Lex.BLOCK_COMMENT, Level(closing))
    beginnings = {opening[:size] for opening in openers for size in range(1, len(opening))} - openers.keys()
    if lexis.before_regex:
        beginnings.add(b"/")
    if lexis.elements:
        beginnings.add(b"<")
    return Rules(lexis, openers, frozenset(beginnings), lexis.letters | DIGITS)


BYTES: Final = tuple(bytes((byte,)) for byte in range(256))
LINE_ENDS: Final = frozenset((NEWLINE, RETURN))


def line_ended(now: Core) -> Core:
    """A line end in code: it ends a directive with all that is open in it."""
    levels, conditions = now.levels, now.conditions
    at = next((i for i, level in enumerate(levels) if level.kind == DIRECTIVE), None)
    if at is not None:
        word, levels = levels[at].word, levels[:at]
        if word in (b"if", b"ifdef", b"ifndef"):
            conditions = (*conditions, levels)
        elif conditions and word[:3] == b"els" or conditions and word[:3] == b"eli":
            levels = conditions[-1]
        elif word == b"endif":
            conditions = conditions[:-1]
    return Core(inside(levels), b"", levels, b"", now.last, True, conditions, now.unsure)


def back(now: Core, last: Last) -> Core:
    """The innermost level ends; what it stands in goes on."""
    levels = now.levels[:-1]
    return Core(inside(levels), b"", levels, b"", last, False, now.conditions)


def inside(levels: tuple[Level, ...]) -> Lex:
    """Return what the next byte belongs to where a token has ended."""
    if not levels:
        return Lex.CODE
    inner = levels[-1]
    if inner.text is not None:
        return Lex.STRING
    if inner.kind in ELEMENT_PARTS:
        return Lex.IN_CHILDREN if inner.kind == CHILDREN else Lex.IN_TAG
    return Lex.BLOCK_COMMENT if inner.kind == b"*/" else Lex.CODE


def lost(now: Core) -> Core:
    """From here on nothing can be told."""
    return Core(Lex.CODE, unsure=True, alone=False)
