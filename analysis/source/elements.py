"""Elements among the code (JSX): what one byte does to the state in a tag, and in the text between two."""

from __future__ import annotations

from typing import Final

from analysis.python.place import HOLE
from analysis.source.lexis import Text
from analysis.source.state import BYTES, CHILDREN, END_TAG, TAG, Core, Last, Level, Lex, Rules, back, lost

_ATTRIBUTE: Final = {ord('"'): Text(b'"', b'"', False, True), ord("'"): Text(b"'", b"'", False, True)}
_NO_TAG: Final = frozenset(b",;()[]&|+*")
"""What no opening tag holds: it was a type parameter, or a comparison."""


def is_no_tag(rules: Rules, now: Core, byte: int) -> bool:
    """Whether what began like a tag is none."""
    if byte in _NO_TAG:
        return now.pending != b"/" or byte != ord("*")
    return now.name == b"extends" and byte not in rules.word and byte != ord("-")


def tag(rules: Rules, now: Core, byte: int) -> Core:
    """Between ``<`` and ``>`` of an element."""
    seen, word = now.pending, rules.word | {ord("-")}
    if byte in word and (now.name or byte in rules.lexis.letters):
        return now._replace(name=now.name + BYTES[byte], pending=b"")
    if seen == b"/" and byte == ord("*"):
        return now._replace(lex=Lex.BLOCK_COMMENT, levels=(*now.levels, Level(b"*/")), pending=b"")
    now = now._replace(name=b"", pending=b"")
    if byte == ord("/"):
        return now._replace(lex=Lex.LINE_COMMENT) if seen == b"/" else now._replace(pending=b"/")
    if byte == ord("{"):
        return now._replace(lex=Lex.CODE, levels=(*now.levels, Level(HOLE)), last=Last.OPERATOR)
    if byte in _ATTRIBUTE:
        text = _ATTRIBUTE[byte]
        return now._replace(lex=Lex.STRING, levels=(*now.levels, Level(text.closing, text)))
    if byte == ord("="):
        return now._replace(pending=b"=")
    if byte == ord("<"):
        return lost(now)
    return _tag_ended(now, seen) if byte == ord(">") else now


def _tag_ended(now: Core, seen: bytes) -> Core:
    if seen == b"=":
        return lost(now)
    if now.levels[-1].kind == END_TAG:
        return back(now._replace(levels=now.levels[:-1]), Last.VALUE)
    if seen == b"/":
        return back(now, Last.VALUE)
    return now._replace(lex=Lex.IN_CHILDREN, levels=(*now.levels[:-1], Level(CHILDREN)))


def children(rules: Rules, now: Core, byte: int) -> Core:
    """Text between two tags."""
    if now.pending:
        now = now._replace(pending=b"")
        if byte == ord("/"):
            return now._replace(lex=Lex.IN_TAG, levels=(*now.levels, Level(END_TAG)))
        return tag(rules, now._replace(lex=Lex.IN_TAG, levels=(*now.levels, Level(TAG))), byte)
    if byte == ord("<"):
        return now._replace(pending=b"<")
    if byte == ord("{"):
        return now._replace(lex=Lex.CODE, levels=(*now.levels, Level(HOLE)), last=Last.OPERATOR)
    return now
