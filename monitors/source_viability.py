"""Viability in languages other than Python: whether the middle, with the suffix behind it, parses.

As ``monitors.viability``: asked where the middle ends, not for each token, and silent where the document
does not parse with the simplest of things in the hole, is too long to parse in passing, or has no grammar.
By the grammar of tree-sitter.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, Final

from analysis.holed import Holed
from analysis.lexing import LexicalState
from analysis.syntax import GRAMMARS
from monitors.base import Site

MOST_BYTES: Final = 65_536
"""Text around the cursor that is parsed at most: a few milliseconds."""

_FILLERS: Final = (b"", b";", b"x;", b"x", b"x,", b"0", b"{}")
"""What stands for a middle: with one of these, a document that is whole otherwise parses."""


class SourceViability:
    """One request; see the module."""

    name = "viability"
    wants_an_end = True
    wants_text = False
    wants_text = False

    def __init__(self, site: Site[Any]) -> None:
        """Parse later."""
        self._site = site
        self._standing: dict[bytes, bool] = {}

    def line_stands(self, middle: bytes) -> bool:
        """Whether the middle so far may stay: what comes behind it can still mend everything."""
        return True

    def end_stands(self, middle: bytes, end: LexicalState) -> bool:
        """Whether the middle, with the suffix behind it, parses; ``end`` is the lexical state behind it."""
        if self._around is None:
            return True
        if middle not in self._standing:
            self._standing[middle] = self._around.parses_with(middle)
        return self._standing[middle]

    @cached_property
    def _around(self) -> Holed | None:
        """The document with its hole; None if nothing can be said of it."""
        site = self._site
        before, behind = site.document.prefix.encode("utf-8", "surrogatepass"), site.suffix
        if len(before) + len(behind) > MOST_BYTES or site.language.id not in GRAMMARS:
            return None
        holed = Holed.of(before, behind, site.language.id)
        return holed if any(holed.parses_with(site.typed + filler) for filler in _FILLERS) else None
