"""Jumping over whole logical lines: a coarse pass that knows only strings, comments, brackets and line ends."""

from __future__ import annotations

import re
from typing import Final

from analysis.python.lexicon import PAIRS
from analysis.python.place import MAX_DEPTH


def _strings(braces: str = "", holes: str = "") -> str:
    """Return a pattern for a whole string.

    Args:
        braces: Bytes that are no plain text in it.
        holes: What may stand there instead, as alternatives with a bar behind each.
    """
    escape = rf"\\(?:\r\n|[^{braces}])" if braces else r"\\(?:\r\n|[\s\S])"
    shapes = (
        rf"{q}{q}{q}(?:{holes}[^{q}\\{braces}]|{escape}|{q}(?!{q}{q}))*+{q}{q}{q}"
        rf"|{q}(?!{q}{q})(?:{holes}[^{q}\\\r\n{braces}]|{escape})*+{q}"
        for q in "\"'"
    )
    return "|".join(shapes)


_PLAIN: Final = _strings()
# In an f-string a brace is one of an escaped pair, or a hole with nothing in it that needs a closer look.
_FORMATTED: Final = _strings("{}", r"\{\{|\{[^{}\"'\\\r\n#]*+\}|\}|")

_EVENTS: Final = re.compile(
    rf"""
      (?P<newline> \r\n?|\n )
    | (?P<open> [(\[{{] )
    | (?P<close> [)\]}}] )
    | \#[^\r\n]*+
    | \\(?:\r\n?|\n)?
    | (?:(?<=[fFtT])|(?<=[fFtT][rR])) (?: (?:{_FORMATTED}) | (?P<format> ["'] ) )
    | {_PLAIN}
    | (?P<stray> ["'] )
    """.encode(),
    re.VERBOSE,
)


def skip_lines(text: bytes, offset: int) -> int:
    """Return how far whole logical lines can be jumped over from ``offset``, a place at a line start.

    The bytes jumped over leave nothing open and the last logical line of the text is never
    among them, so that scanning from the result on gives the same state as scanning all.
    The jump ends early at what needs a closer look: f-strings with holes of more than a
    plain expression, broken strings and brackets that do not match.
    """
    previous = last = offset
    stack: list[bytes] = []
    for event in _EVENTS.finditer(text, offset):
        group = event.lastgroup
        if group is None:
            continue
        if group == "newline":
            if not stack:
                previous, last = last, event.end()
        elif group == "open":
            stack.append(event[0])
            if len(stack) > MAX_DEPTH:
                return last
        elif group != "close" or not stack or stack.pop() != PAIRS[event[0]]:
            return last
    return previous if last == len(text) else last
