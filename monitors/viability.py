"""Viability: whether finished lines, and the finished middle with the suffix behind it, are Python.

Not a monitor that is asked for each token: a parse sees whole lines.  The loop asks it where a
logical line has ended and where the middle ends; a line that does not stand is written again, under
``Barred`` (``decoding.inspection``), and at last cuts the suggestion before it.  A statement that
came to no end is closed where that makes it stand.
Where the text around the cursor does not parse with the simplest of lines in the hole, or is too long to
parse in passing, the cursor's own statements are looked at alone; silent where those do not parse either.
By tree-sitter's grammar, which takes more than Python and, but for its bugs, nothing less.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

from analysis.facts import FactView
from analysis.lexing import LexicalState
from analysis.python.lexicon import BLANKS, NEWLINE, RETURN
from analysis.python.scanner import scan_text
from analysis.syntax import SyntaxWindow
from monitors.base import FORBIDDEN, Factless, Kind, Lexed, Site

MOST_BYTES: Final = 32_768
"""Text around the cursor that is parsed at most, before and behind it: a few milliseconds."""

_DEFINITION: Final = re.compile(rb"\n(?=async[ \t]+def\b|def\b|class\b|@)")
_NEXT: Final = b"def x(): pass\n"
"""What stands for a definition at top level: the cursor's line may decorate it."""
_LINE: Final = re.compile(rb"^([ \t]*)\S", re.MULTILINE)
_WHITE_SPACE: Final = BLANKS | {NEWLINE, RETURN}
_FILLERS: Final = (b"", b"pass", b"if x:", b"x")
"""What stands for a middle: with one of these, a document that is whole otherwise parses."""
_CLAUSE: Final = re.compile(rb"\s*(?:elif|else|except|finally|case)\b")
"""The beginning of a line that goes on with a statement above."""


class Viability:
    """One request; see the module."""

    name = "viability"
    wants_an_end = True

    def __init__(self, site: Site) -> None:
        """Cut out the definition around the cursor."""
        self._site = site
        self.wants_text = not site.multiline and not site.typed.strip()
        self._indent = site.typed[: len(site.typed) - len(site.typed.lstrip(b" \t\f"))]

    def line_stands(self, middle: bytes) -> bool:
        """Whether the middle so far, which ends with a logical line, can be the beginning of Python."""
        if not self._before_is_whole and self._after is None:
            return not self._typed_is_whole or _stands_alone(middle)
        return _is_beginning(self._before.append(middle))

    def end_stands(self, middle: bytes, end: LexicalState) -> bool:
        """Whether the middle, with the suffix behind it, is Python; ``end`` is the lexical state behind it."""
        if self._after is not None:
            return parses(self._site.document.prefix, middle + self._after)
        return bool(end.nesting) or self._site.remainder.strip() != b"" or self.line_stands(middle + b"\n")

    @cached_property
    def _before(self) -> SyntaxWindow:
        return window_before(self._site.document.prefix)

    @cached_property
    def _before_is_whole(self) -> bool:
        if len(self._before.source) > MOST_BYTES:
            return False
        return _is_beginning(self._before) or self._before.append(self._indent + b"pass\n").flaws() == 0

    @cached_property
    def _typed_is_whole(self) -> bool:
        """Whether the cursor's line begins outside of everything, and something simple makes it parse by itself."""
        lines = (self._site.typed + filler + b"\n" for filler in _FILLERS)
        return self._site.start.at_line_start and any(_stands_alone(line) for line in lines)

    @cached_property
    def _after(self) -> bytes | None:
        """The suffix, cut at its next definition at top level; None if nothing simple in the hole makes it parse."""
        suffix = self._site.suffix
        definition = _DEFINITION.search(suffix, len(suffix) - len(suffix.lstrip()) + 1)
        after = suffix if definition is None else suffix[: definition.start() + 1] + _NEXT
        in_string = scan_text(self._site.typed, self._site.start).quote
        if in_string or len(self._before.source) > MOST_BYTES or len(after) > MOST_BYTES:
            return None
        prefix = self._site.document.prefix
        return after if any(parses(prefix, line + after) for line in self._simple_lines()) else None

    def _simple_lines(self) -> Iterator[bytes]:
        for filler in _FILLERS:
            yield self._indent + filler
            yield self._site.typed + filler
        if not self._site.typed.strip():
            yield from (indent + b"pass" for indent in self._indents_around())

    def _indents_around(self) -> Iterator[bytes]:
        """Yield how the middle may be indented where the user has not said it."""
        behind = _LINE.search(self._site.suffix)
        before = _LINE.search(self._before.source, self._before.source.rstrip().rfind(b"\n") + 1)
        for line in (behind, before):
            if line is not None:
                yield from (line[1], line[1] + b"    ")


def _stands_alone(lines: bytes) -> bool:
    """Whether lines that begin at a line start can be Python by themselves, as far as they stay in their block."""
    indents = [line[1] for line in _LINE.finditer(lines)]
    if not indents or _CLAUSE.match(lines) or not all(indent.startswith(indents[0]) for indent in indents):
        return True
    return _is_beginning(SyntaxWindow.of(b"if x:\n" + lines if indents[0] else lines))


@lru_cache(maxsize=8)
def window_before(prefix: str) -> SyntaxWindow:
    """Parse the end of a prefix once for all keystrokes on a line."""
    return SyntaxWindow.of(prefix.encode("utf-8", "surrogatepass"))


@lru_cache(maxsize=64)
def parses(prefix: str, rest: bytes) -> bool:
    """Whether nothing is wrong with a prefix and what follows it.

    Looked at once for all keystrokes on a line: who types what was suggested is suggested the rest of it.
    """
    return window_before(prefix).append(rest).flaws() == 0


def _is_beginning(window: SyntaxWindow) -> bool:
    """Whether nothing is wrong that a definition behind a last decorator does not mend."""
    if window.flaws() == 0:
        return True
    indent = window.decorated_at()
    return indent is not None and window.append(indent + b"def x(): pass\n").flaws() == 0


@dataclass(frozen=True)
class Barred(Factless):
    """What was written here did not stand: after white space none of some texts may be written.

    A state is what was written, as far as it begins one of the texts; None once it begins none.

    Attributes:
        texts: The texts; not empty, without white space before them.
    """

    name = "viability"
    kind = Kind.HEURISTIC

    texts: tuple[bytes, ...]

    def start(self) -> bytes | None:
        """Return the state with nothing written."""
        return b""

    def step(self, state: bytes | None, text: Lexed, view: FactView) -> tuple[float, bytes | None]:
        """Forbid the last byte of one of the texts, and what comes behind it."""
        if state is None or text.is_suffix:
            return 0.0, state
        for byte in text.data:
            if state is None or state in self.texts:
                break
            written = state + bytes((byte,)) if state or byte not in _WHITE_SPACE else b""
            state = written if any(barred.startswith(written) for barred in self.texts) else None
        return (FORBIDDEN if state in self.texts else 0.0), state
