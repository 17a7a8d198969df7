"""The byte automaton of Python's lexical grammar: what one byte does inside or between tokens.

A state is (lex, name, place): ``lex`` is one of the constants below, ``name`` the identifier
being written, ``place`` what ``analysis.python.place`` keeps.  Line ends arrive here as one newline
byte; ``analysis.python.scanner`` folds CR and CRLF into it.  F-strings follow PEP 701: in a hole any
string may open and lines may end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from analysis.python import place as at_place
from analysis.python.lexicon import (
    BACKSLASH,
    BLANKS,
    BOM,
    DIGITS,
    LETTERS,
    NEWLINE,
    PREFIXES,
    QUOTES,
    WORD,
)
from analysis.python.place import HOLE, MAX_DEPTH, NOWHERE, SPEC, Place

(
    LINE,  # nothing but white space on this logical line
    ENDED,  # the same, right behind the newline of a logical line with code
    LONE_COMMENT,  # in a comment that has its line to itself
    COMMENT,
    BLANK,
    OPERATOR,  # behind an operator, delimiter or bracket
    COLON,  # right behind a colon outside brackets
    BANG,  # right behind ``!`` in an f-string hole
    DOT,  # one dot where an operand should begin
    DOTS,  # two of them
    CONTINUED,  # right behind a backslash
    NAME,
    INTEGER,
    FRACTION,
    EXPONENT,  # right behind ``e``
    RADIX,  # behind ``0x`` and the like
    SUFFIX,  # a number that no dot continues
    BODY,  # inside a string or format specification
    ESCAPE,  # right behind a backslash in a string
    ESCAPE_NAME,  # behind ``\\N`` in an f-string
    CHARACTER_NAME,  # inside ``\\N{...}`` of an f-string
    QUOTE,  # behind the first quote of a string
    EMPTY_STRING,  # behind two quotes
    CLOSING,  # behind one quote inside a triple-quoted string
    CLOSING_TWO,  # behind two
    HOLE_START,  # right behind the ``{`` of a hole
) = range(26)

Lexed = tuple[int, bytes, Place]
Handler = Callable[[Place, bytes, int, int], Lexed]


def _code(place: Place, _: bytes, at: int, byte: int) -> Lexed:
    """A byte between tokens."""
    return _BETWEEN[byte](place, at, byte)


def _line(place: Place, _: bytes, at: int, byte: int) -> Lexed:
    if byte in BLANKS or byte == NEWLINE:
        return LINE, b"", place
    if byte == 35:
        return LONE_COMMENT, b"", place
    return _BETWEEN[byte](place, at, byte)


def _lone_comment(place: Place, _: bytes, at: int, byte: int) -> Lexed:
    return (LINE if byte == NEWLINE else LONE_COMMENT), b"", place


def _comment(place: Place, _: bytes, at: int, byte: int) -> Lexed:
    return _newline(place, at, byte) if byte == NEWLINE else (COMMENT, b"", place)


def _colon(place: Place, _: bytes, at: int, byte: int) -> Lexed:
    if byte == 61:
        return OPERATOR, b"", at_place.walrus(place)
    return _BETWEEN[byte](place, at, byte)


def _bang(place: Place, _: bytes, at: int, byte: int) -> Lexed:
    """Skip the letter of a conversion such as ``!r``."""
    return (OPERATOR, b"", place) if byte in LETTERS else _BETWEEN[byte](place, at, byte)


def _dot(place: Place, _: bytes, at: int, byte: int) -> Lexed:
    if byte in DIGITS:
        return FRACTION, b"", at_place.literal_begun(place, at - 1)
    return (DOTS, b"", place) if byte == 46 else _BETWEEN[byte](place, at, byte)


def _dots(place: Place, _: bytes, at: int, byte: int) -> Lexed:
    return (OPERATOR, b"", place) if byte == 46 else _BETWEEN[byte](place, at, byte)


def _continued(place: Place, _: bytes, at: int, byte: int) -> Lexed:
    return (BLANK, b"", place) if byte == NEWLINE else _BETWEEN[byte](place, at, byte)


def _name(place: Place, name: bytes, at: int, byte: int) -> Lexed:
    if byte in WORD:
        if byte == BOM[2] and at == 2 and name == BOM[:2]:
            return LINE, b"", at_place.line_ended(place)
        return NAME, name + bytes((byte,)), place
    if byte in QUOTES and name.lower() in PREFIXES and place.receiver == NOWHERE:
        return QUOTE, b"", at_place.string_opened(place, name, bytes((byte,)), at - len(name))
    return _BETWEEN[byte](at_place.name_ended(place, name, at, byte), at, byte)


def _integer(place: Place, _: bytes, at: int, byte: int) -> Lexed:
    if byte in DIGITS or byte == 95:
        return INTEGER, b"", place
    if byte == 46:
        return FRACTION, b"", place
    return (RADIX, b"", place) if byte in b"xXoObB" else _fraction(place, b"", at, byte)


def _fraction(place: Place, _: bytes, at: int, byte: int) -> Lexed:
    if byte in DIGITS or byte == 95:
        return FRACTION, b"", place
    return (EXPONENT, b"", place) if byte in b"eE" else _suffix(place, b"", at, byte)


def _exponent(place: Place, _: bytes, at: int, byte: int) -> Lexed:
    """Behind ``1e``; a letter shows that it was the beginning of a word, as in ``1else``."""
    if byte in DIGITS or byte in b"+-_":
        return SUFFIX, b"", place
    if byte in LETTERS:
        return NAME, b"e" + bytes((byte,)), at_place.name_begun(at_place.token_ended(place, at - 1), at - 1)
    return _suffix(place, b"", at, byte)


def _radix(place: Place, _: bytes, at: int, byte: int) -> Lexed:
    return (RADIX, b"", place) if byte in b"0123456789abcdefABCDEF_" else _suffix(place, b"", at, byte)


def _suffix(place: Place, _: bytes, at: int, byte: int) -> Lexed:
    if byte in DIGITS or byte in b"jJ_":
        return SUFFIX, b"", place
    return _BETWEEN[byte](at_place.token_ended(place, at), at, byte)


def _body(place: Place, _: bytes, at: int, byte: int) -> Lexed:
    level = place.levels[-1]
    quote = level.quote
    if byte == quote[0]:
        return (CLOSING, b"", place) if len(quote) == 3 else _string_closed(place, at)
    if byte == BACKSLASH:
        return ESCAPE, b"", place
    if byte == NEWLINE and len(quote) == 1:
        return _newline(at_place.string_broken(place), at, byte)
    if byte == 123 and at_place.is_formatted(level.prefix) and len(place.levels) <= MAX_DEPTH:
        return HOLE_START, b"", at_place.hole_opened(place)
    if byte == 125 and level.kind == SPEC:
        return BODY, b"", at_place.hole_closed(place)
    return BODY, b"", place


def _string_closed(place: Place, at: int) -> Lexed:
    while place.levels[-1].kind == SPEC:
        place = at_place.hole_closed(place)
    return BLANK, b"", at_place.string_closed(place, at)


def _escape(place: Place, _: bytes, at: int, byte: int) -> Lexed:
    """Behind a backslash: braces of an f-string keep their meaning, all else is plain text."""
    prefix = place.levels[-1].prefix
    if byte in b"{}":
        return _body(place, b"", at, byte)
    if byte == 78 and at_place.is_formatted(prefix) and b"r" not in prefix:
        return ESCAPE_NAME, b"", place
    return BODY, b"", place


def _escape_name(place: Place, _: bytes, at: int, byte: int) -> Lexed:
    return (CHARACTER_NAME, b"", place) if byte == 123 else _body(place, b"", at, byte)


def _character_name(place: Place, _: bytes, at: int, byte: int) -> Lexed:
    if byte == 125:
        return BODY, b"", place
    if byte in WORD or byte in b" -":
        return CHARACTER_NAME, b"", place
    return _body(place, b"", at, byte)


def _quote(place: Place, _: bytes, at: int, byte: int) -> Lexed:
    if byte == place.levels[-1].quote[0]:
        return EMPTY_STRING, b"", place
    return _body(place, b"", at, byte)


def _empty_string(place: Place, _: bytes, at: int, byte: int) -> Lexed:
    """Behind two quotes: an empty string, unless a third one follows."""
    if byte == place.levels[-1].quote[0]:
        return BODY, b"", at_place.string_tripled(place)
    return _BETWEEN[byte](at_place.string_closed(place, at - 1), at, byte)


def _closing(place: Place, _: bytes, at: int, byte: int) -> Lexed:
    return (CLOSING_TWO, b"", place) if byte == place.levels[-1].quote[0] else _body(place, b"", at, byte)


def _closing_two(place: Place, _: bytes, at: int, byte: int) -> Lexed:
    return _string_closed(place, at) if byte == place.levels[-1].quote[0] else _body(place, b"", at, byte)


def _hole_start(place: Place, _: bytes, at: int, byte: int) -> Lexed:
    if byte == 123 and place.levels[-2].kind != SPEC:
        return BODY, b"", place._replace(levels=place.levels[:-1])
    return _BETWEEN[byte](place, at, byte)


def _blank(place: Place, at: int, byte: int) -> Lexed:
    return BLANK, b"", place


def _newline(place: Place, at: int, byte: int) -> Lexed:
    return (BLANK, b"", place) if len(place.levels) > 1 else (ENDED, b"", at_place.line_ended(place))


def _letter(place: Place, at: int, byte: int) -> Lexed:
    return NAME, bytes((byte,)), at_place.name_begun(place, at)


def _digit(place: Place, at: int, byte: int) -> Lexed:
    return INTEGER, b"", at_place.literal_begun(place, at)


def _opening_quote(place: Place, at: int, byte: int) -> Lexed:
    return QUOTE, b"", at_place.string_opened(place, b"", bytes((byte,)), at)


def _hash(place: Place, at: int, byte: int) -> Lexed:
    return COMMENT, b"", place


def _opening(place: Place, at: int, byte: int) -> Lexed:
    return OPERATOR, b"", at_place.opened(place, bytes((byte,)), at)


def _closer(place: Place, at: int, byte: int) -> Lexed:
    after = at_place.closed(place, bytes((byte,)), at)
    if byte == 125 and after.levels == place.levels and any(level.kind == HOLE for level in place.levels):
        return BODY, b"", at_place.hole_closed(place)
    return BLANK, b"", after


def _between_dot(place: Place, at: int, byte: int) -> Lexed:
    if place.start == NOWHERE or place.receiver != NOWHERE:
        return DOT, b"", at_place.operator(place, byte)
    return OPERATOR, b"", at_place.dotted(place)


def _between_colon(place: Place, at: int, byte: int) -> Lexed:
    if place.levels[-1].kind == HOLE:
        return BODY, b"", at_place.spec_opened(place)
    return (COLON if len(place.levels) == 1 else OPERATOR), b"", at_place.colon(place)


def _between_bang(place: Place, at: int, byte: int) -> Lexed:
    return (BANG if place.levels[-1].kind == HOLE else OPERATOR), b"", at_place.operator(place, byte)


def _backslash(place: Place, at: int, byte: int) -> Lexed:
    return CONTINUED, b"", place


def _operator(place: Place, at: int, byte: int) -> Lexed:
    return OPERATOR, b"", at_place.operator(place, byte)


def _between() -> tuple[Callable[[Place, int, int], Lexed], ...]:
    """Table of what each byte does between tokens."""
    table = [_operator] * 256
    groups = (
        (BLANKS, _blank),
        ((NEWLINE,), _newline),
        (LETTERS, _letter),
        (DIGITS, _digit),
        (QUOTES, _opening_quote),
        (b"#", _hash),
        (b"([{", _opening),
        (b")]}", _closer),
        (b".", _between_dot),
        (b":", _between_colon),
        (b"!", _between_bang),
        (b"\\", _backslash),
    )
    for group, handler in groups:
        for byte in group:
            table[byte] = handler
    return tuple(table)


_BETWEEN: Final = _between()

HANDLERS: Final[tuple[Handler, ...]] = (
    _line,
    _line,
    _lone_comment,
    _comment,
    _code,
    _code,
    _colon,
    _bang,
    _dot,
    _dots,
    _continued,
    _name,
    _integer,
    _fraction,
    _exponent,
    _radix,
    _suffix,
    _body,
    _escape,
    _escape_name,
    _character_name,
    _quote,
    _empty_string,
    _closing,
    _closing_two,
    _hole_start,
)
"""What to do with a byte, by ``lex``."""
