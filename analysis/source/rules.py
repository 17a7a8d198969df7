"""Lexical rules by table: what one byte does to the lexical state of a language with a ``Lexis``.

Each handler says what one byte makes of the state in one situation (``Lex``).  Broken source never
fails: what a line may not hold open ends with the line, a closing bracket that nothing has opened is
passed over, one of an outer bracket closes the inner ones.  Where the language cannot be told apart
without a parser (a slash behind a brace, a type parameter that looks like an element) the state
becomes *unsure*, and stays it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from analysis.python.lexicon import BACKSLASH, BLANKS, DIGITS, NEWLINE, PAIRS, RETURN
from analysis.python.place import HOLE
from analysis.source import elements, texts
from analysis.source.lexis import Text
from analysis.source.state import (
    BYTES,
    DIRECTIVE,
    LINE_ENDS,
    REGEX_KIND,
    TAG,
    Core,
    Last,
    Level,
    Lex,
    Rules,
    back,
    line_ended,
    lost,
)

_OPENING: Final = frozenset(b"([{")
_CONTROL: Final = frozenset((b"if", b"while", b"for", b"with"))
_OPAQUE: Final = frozenset(b"error warning pragma include include_next import".split())
"""Directives whose text is not made of the language's tokens."""
_CHARACTER: Final = Text(b"'", b"'")
_LONGEST_DELIMITER: Final = 16


def after(rules: Rules, now: Core, byte: int) -> Core:
    """Return the state after one more byte."""
    return HANDLERS[now.lex](rules, now, byte)


def _code(rules: Rules, now: Core, byte: int) -> Core:
    if now.unsure:
        return _blind(rules, now, byte)
    seen = now.pending + BYTES[byte]
    opened = rules.openers.get(seen)
    if opened is not None:
        lex, level = opened
        levels = now.levels if level is None else (*now.levels, level)
        return Core(lex, b"", levels, b"", now.last, False, now.conditions)
    if seen in rules.beginnings:
        return Core(Lex.CODE, b"", now.levels, seen, now.last, False, now.conditions)
    if now.pending:
        return _settled(rules, now, byte)
    return _token(rules, now, byte)


def _settled(rules: Rules, now: Core, byte: int) -> Core:
    """What was pending is no beginning of anything longer: it is a token, then comes ``byte``."""
    pending, now = now.pending, now._replace(pending=b"")
    if pending == b"/" and rules.lexis.before_regex:
        if now.last is Last.BRACE:
            return lost(now)
        if now.last in (Last.OPERATOR, Last.CONTROL):
            return texts.regex(rules, now._replace(lex=Lex.REGEX, levels=(*now.levels, Level(REGEX_KIND))), byte)
    if pending == b"<" and now.last is Last.OPERATOR and (byte in rules.lexis.letters or byte == ord(">")):
        return _tag(rules, now._replace(lex=Lex.IN_TAG, levels=(*now.levels, Level(TAG))), byte)
    last = Last.VALUE if pending[:1] in (b'"', b"'", b"`") else Last.OPERATOR
    return _code(rules, now._replace(last=last), byte)


def _token(rules: Rules, now: Core, byte: int) -> Core:
    """A byte of code with nothing pending."""
    lexis = rules.lexis
    if byte in lexis.letters:
        return Core(Lex.NAME, BYTES[byte], now.levels, b"", now.last, False, now.conditions)
    if byte in LINE_ENDS:
        return line_ended(now)
    if byte in BLANKS:
        return now
    if byte in DIGITS:
        return now._replace(lex=Lex.NUMBER, name=b"", alone=False)
    if lexis.brackets and byte in _OPENING:
        level = Level(BYTES[byte], control=now.last is Last.CONTROL)
        return Core(Lex.CODE, b"", (*now.levels, level), b"", Last.OPERATOR, False, now.conditions)
    if lexis.brackets and byte in b")]}":
        return _closed(now, byte)
    if byte == ord("#") and lexis.directives and now.alone:
        return Core(Lex.CODE, b"", (*now.levels, Level(DIRECTIVE)), b"", Last.OPERATOR, False, now.conditions)
    if byte == ord("'") and lexis.lifetimes:
        return now._replace(lex=Lex.APOSTROPHE, alone=False)
    if byte == BACKSLASH:
        return now._replace(lex=Lex.CONTINUED, alone=False)
    return now._replace(lex=Lex.CODE, last=_behind_operator(now.last, byte), alone=False)


def _behind_operator(last: Last, byte: int) -> Last:
    if byte == ord("."):
        return Last.DOT
    if byte in b"+-":
        if last is Last.SIGN:
            return Last.VALUE
        return Last.SIGN if last is Last.VALUE else Last.OPERATOR
    if byte == ord("!") and last is Last.VALUE:
        return last
    return Last.OPERATOR


def _name(rules: Rules, now: Core, byte: int) -> Core:
    if byte in rules.word:
        return Core(Lex.NAME, now.name + BYTES[byte], now.levels, b"", now.last, False, now.conditions, now.unsure)
    if now.unsure:
        return _blind(rules, now, byte)
    lexis, name = rules.lexis, now.name
    if name in lexis.raw_names and (byte == ord('"') or (lexis.raw_hashes and byte == ord("#"))):
        return _raw(rules, now._replace(lex=Lex.RAW, name=b"", last=Last.VALUE), byte)
    last = Last.VALUE
    if now.last is not Last.DOT:
        last = Last.CONTROL if name in _CONTROL else Last.OPERATOR if name in lexis.before_regex else Last.VALUE
    levels = now.levels
    if levels and levels[-1].kind == DIRECTIVE and not levels[-1].word:
        levels = (*levels[:-1], levels[-1]._replace(word=name))
        if name in _OPAQUE:
            return texts.line_comment(rules, now._replace(lex=Lex.LINE_COMMENT, name=b"", levels=levels), byte)
    return _code(rules, Core(Lex.CODE, b"", levels, b"", last, False, now.conditions), byte)


def _number(rules: Rules, now: Core, byte: int) -> Core:
    if byte in rules.word or byte in rules.lexis.digit_marks:
        return now
    return _code(rules, now._replace(lex=Lex.CODE, last=Last.VALUE), byte)


def _continued(rules: Rules, now: Core, byte: int) -> Core:
    """A line end behind a backslash does not count; of CR LF both do not."""
    if byte == RETURN:
        return now
    return now._replace(lex=Lex.CODE) if byte == NEWLINE else _code(rules, now._replace(lex=Lex.CODE), byte)


def _apostrophe(rules: Rules, now: Core, byte: int) -> Core:
    if not now.pending:
        if byte == BACKSLASH:
            level = Level(_CHARACTER.closing, _CHARACTER)
            return now._replace(lex=Lex.ESCAPE, levels=(*now.levels, level))
        if byte in LINE_ENDS or byte == ord("'"):
            return _code(rules, now._replace(lex=Lex.CODE), byte) if byte in LINE_ENDS else now._replace(lex=Lex.CODE)
        return now._replace(pending=BYTES[byte])
    if byte == ord("'"):
        return now._replace(lex=Lex.CODE, pending=b"", last=Last.VALUE)
    if 0x80 <= byte < 0xC0 and now.pending[0] >= 0xC0:
        return now._replace(pending=now.pending + BYTES[byte])
    if now.pending[0] in rules.lexis.letters:
        return _name(rules, now._replace(lex=Lex.NAME, name=now.pending, pending=b"", last=Last.DOT), byte)
    return _code(rules, now._replace(lex=Lex.CODE, pending=b""), byte)


def _raw(rules: Rules, now: Core, byte: int) -> Core:
    """``r##"`` of Rust; of C++ the quote, then the delimiter, then a bracket."""
    if rules.lexis.raw_hashes:
        if byte == ord("#"):
            return now._replace(pending=now.pending + b"#")
        if byte == ord('"'):
            return _begun_raw(now, b'"' + now.pending)
        return _code(rules, now._replace(lex=Lex.CODE, pending=b""), byte)
    if not now.pending:
        return now._replace(pending=BYTES[byte])
    if byte == ord("("):
        return _begun_raw(now, b")" + now.pending[1:] + b'"')
    if byte in b' )\\"\t\v\f\r\n' or len(now.pending) > _LONGEST_DELIMITER:
        return lost(now)
    return now._replace(pending=now.pending + BYTES[byte])


def _begun_raw(now: Core, closing: bytes) -> Core:
    text = Text(b"", closing, escapes=False, multiline=True)
    return now._replace(lex=Lex.STRING, levels=(*now.levels, Level(closing, text)), pending=b"")


def _tag(rules: Rules, now: Core, byte: int) -> Core:
    if elements.is_no_tag(rules, now, byte):
        return _code(rules, now._replace(lex=Lex.CODE, name=b"", levels=now.levels[:-1], pending=b""), byte)
    return elements.tag(rules, now, byte)


def _closed(now: Core, byte: int) -> Core:
    """A closing bracket of code."""
    opening, levels = PAIRS[BYTES[byte]], now.levels
    for at in range(len(levels) - 1, -1, -1):
        level = levels[at]
        if level.kind == opening:
            value = Last.OPERATOR if level.control else Last.BRACE if byte == ord("}") else Last.VALUE
            return Core(Lex.CODE, b"", levels[:at], b"", value, False, now.conditions)
        if level.kind == HOLE and byte == ord("}"):
            return back(now._replace(levels=levels[: at + 1]), Last.VALUE)
        if level.kind not in PAIRS.values():
            break
    return now._replace(lex=Lex.CODE, last=Last.VALUE, alone=False)


def _blind(rules: Rules, now: Core, byte: int) -> Core:
    """Nothing is known but names and lines."""
    if byte in rules.lexis.letters:
        return now._replace(lex=Lex.NAME, name=BYTES[byte], alone=False)
    alone = byte in LINE_ENDS or (now.alone and byte in BLANKS)
    return Core(Lex.CODE, alone=alone, unsure=True)


HANDLERS: Final[tuple[Callable[[Rules, Core, int], Core], ...]] = (
    _code,
    _name,
    _number,
    _continued,
    _apostrophe,
    _raw,
    _tag,
    elements.children,
    texts.opened,
    texts.string,
    texts.escape,
    texts.regex,
    texts.regex_escape,
    texts.character_class,
    texts.class_escape,
    texts.line_comment,
    texts.block_comment,
)
