"""Ends that a client asks for.  They shorten a finished text, and change nothing before its end."""

from __future__ import annotations

from collections.abc import Sequence


def at_stop(text: str, stops: Sequence[str]) -> str:
    """Return ``text`` before the first occurrence of any stop string.

    >>> at_stop("a + b\\n\\nc", ["\\n\\n", "b"])
    'a + '
    """
    return text[: min((at for stop in stops if (at := text.find(stop)) >= 0), default=len(text))]


def at_dedent(text: str, indent: int) -> str:
    """Return ``text`` before its first line, the cursor's own aside, with less than ``indent`` blanks.

    Blank lines count as deep enough, and go if nothing deep enough follows them.

    >>> at_dedent("a\\n    b\\n\\nc", 4)
    'a\\n    b'
    """
    lines = text.split("\n")
    for number, line in enumerate(lines[1:], 1):
        if line.strip() and len(line) - len(line.lstrip(" \t")) < indent:
            return "\n".join(lines[:number]).rstrip("\r\n")
    return text
