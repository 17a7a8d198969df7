"""Ends that a client asks for.  They shorten a finished text, and change nothing before its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Cuts:
    """What one client asks for.

    Attributes:
        stops: As for ``at_stop``.
        indent: As for ``at_dedent``.
    """

    stops: Sequence[str] = ()
    indent: int = 0

    def shown(self, text: str) -> str:
        """Return what the client gets of a finished text."""
        return at_dedent(at_stop(text, self.stops), self.indent)

    def sure(self, text: str) -> str:
        """Return what it gets of any finished text that begins with ``text``.

        >>> Cuts(["\\n\\n"]).sure("a\\n")
        'a'
        """
        return at_dedent(at_stop(text, self.stops)[: _before_begun(text, self.stops)], self.indent).rstrip()


def at_stop(text: str, stops: Sequence[str]) -> str:
    """Return ``text`` before the first occurrence of any stop string.

    >>> at_stop("a + b\\n\\nc", ["\\n\\n", "b"])
    'a + '
    """
    return text[: min((at for stop in stops if (at := text.find(stop)) >= 0), default=len(text))]


def _before_begun(text: str, stops: Sequence[str]) -> int:
    """Return where the first stop string begins that ``text`` may end within; its length if there is none."""
    longest = max(map(len, stops), default=0)
    places = range(max(0, len(text) - longest + 1), len(text))
    return next((place for place in places if any(stop.startswith(text[place:]) for stop in stops)), len(text))


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
