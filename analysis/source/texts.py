"""Strings, regular expressions and comments: what one byte does to the state inside of them."""

from __future__ import annotations

from analysis.python.lexicon import BACKSLASH, NEWLINE, RETURN
from analysis.python.place import HOLE
from analysis.source.state import BYTES, LINE_ENDS, Core, Last, Level, Lex, Rules, back, line_ended


def string(rules: Rules, now: Core, byte: int) -> Core:
    """The text of a string or character."""
    text = now.levels[-1].text
    assert text is not None
    if byte == BACKSLASH and text.escapes:
        return now._replace(lex=Lex.ESCAPE, pending=b"")
    if byte in LINE_ENDS and not text.multiline:
        return line_ended(back(now, Last.VALUE))
    seen = now.pending + BYTES[byte]
    if seen.endswith(text.closing):
        return back(now, Last.VALUE)
    if text.hole and seen.endswith(text.hole):
        return Core(Lex.CODE, b"", (*now.levels, Level(HOLE)), b"", Last.OPERATOR, False, now.conditions)
    pending = _beginning(seen, text.closing) or _beginning(seen, text.hole)
    return now if pending == now.pending else now._replace(pending=pending)


def opened(rules: Rules, now: Core, byte: int) -> Core:
    """Right behind a quote that three of make another delimiter."""
    text = now.levels[-1].text
    assert text is not None
    if text.closing == BYTES[byte]:
        return back(now, Last.VALUE)._replace(pending=text.closing * 2)
    return string(rules, now._replace(lex=Lex.STRING), byte)


def escape(rules: Rules, now: Core, byte: int) -> Core:
    """The byte behind a backslash; CR LF are one."""
    if byte == RETURN:
        return now._replace(pending=b"\r")
    if now.pending and byte != NEWLINE:
        return string(rules, now._replace(lex=Lex.STRING, pending=b""), byte)
    return now._replace(lex=Lex.STRING, pending=b"")


def regex(rules: Rules, now: Core, byte: int) -> Core:
    """A regular expression; it stands on one line."""
    if byte in LINE_ENDS:
        return line_ended(back(now, Last.VALUE))
    if byte == BACKSLASH:
        return now._replace(lex=Lex.REGEX_ESCAPE)
    if byte == ord("["):
        return now._replace(lex=Lex.CLASS)
    return back(now, Last.VALUE) if byte == ord("/") else now


def regex_escape(rules: Rules, now: Core, byte: int) -> Core:
    """The byte behind a backslash in a regular expression."""
    return line_ended(back(now, Last.VALUE)) if byte in LINE_ENDS else now._replace(lex=Lex.REGEX)


def character_class(rules: Rules, now: Core, byte: int) -> Core:
    """Between ``[`` and ``]`` of a regular expression, where a slash ends nothing."""
    if byte in LINE_ENDS:
        return line_ended(back(now, Last.VALUE))
    if byte == BACKSLASH:
        return now._replace(lex=Lex.CLASS_ESCAPE)
    return now._replace(lex=Lex.REGEX) if byte == ord("]") else now


def class_escape(rules: Rules, now: Core, byte: int) -> Core:
    """The byte behind a backslash there."""
    return line_ended(back(now, Last.VALUE)) if byte in LINE_ENDS else now._replace(lex=Lex.CLASS)


def line_comment(rules: Rules, now: Core, byte: int) -> Core:
    """A comment up to the line end."""
    return line_ended(now) if byte in LINE_ENDS else now


def block_comment(rules: Rules, now: Core, byte: int) -> Core:
    """A comment up to what closes it."""
    seen, closing = now.pending + BYTES[byte], now.levels[-1].kind
    if seen.endswith(closing):
        return back(now, now.last)
    if rules.lexis.nested_comments:
        opened = rules.openers.get(seen[-2:])
        if opened is not None and opened[0] is Lex.BLOCK_COMMENT and opened[1] is not None:
            return now._replace(levels=(*now.levels, opened[1]), pending=b"")
    pending = seen[-1:] if byte in b"/*" else b""
    return now if pending == now.pending else now._replace(pending=pending)


def _beginning(seen: bytes, whole: bytes) -> bytes:
    """Return the longest end of ``seen`` that ``whole`` begins with, but is not."""
    ends = (seen[-size:] for size in range(min(len(seen), len(whole) - 1), 0, -1))
    return next((end for end in ends if whole.startswith(end)), b"")
