"""How one line that is wanted may begin, so that it says something and what stands behind it is reached.

A compound statement whose block would have to stand on its own line is legal and hardly ever meant; behind
``return`` and its like nothing of the same block is reached; and to a comment, or a string where no docstring
belongs, a small model flees that has no statement to offer.
"""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from typing import Final

from analysis.facts import BaseDocument
from analysis.python.blocks import Blocks, Column
from analysis.python.lexicon import COMPOUND, QUOTES, SOFT_KEYWORDS
from analysis.python.scanner import Scan
from monitors.behind import Behind
from monitors.words import Words

LEAVING: Final = frozenset((b"return", b"break", b"continue", b"raise"))
"""Words of statements behind which nothing of their block is reached."""

_HEADERS: Final = COMPOUND - SOFT_KEYWORDS
_LEADING: Final = LEAVING | _HEADERS
_DEFINING: Final = ("def", "class", "async")
_HASH: Final = ord("#")
_SILENT: Final = QUOTES | {_HASH}
_FIRST_WORD: Final = re.compile(r"([ \t]*)(\w+)")
_PIECE: Final = re.compile(
    r"#[^\r\n]*|\"\"\"(?:[^\\]|\\.)*?\"\"\"|'''(?:[^\\]|\\.)*?'''"
    r"|\"(?:[^\"\\\r\n]|\\.)*\"|'(?:[^'\\\r\n]|\\.)*'|([^\W\d]\w*)",
    re.DOTALL,
)


class Leading:
    """One request."""

    def __init__(self, document: BaseDocument, cursor: Blocks, behind: Behind | None) -> None:
        """Look at the place.

        Args:
            document: The document.
            cursor: What is open at the cursor.
            behind: What stands behind the one line that is wanted; None where anything may lead.
        """
        self._document = document
        self._cursor = cursor
        self._behind = behind

    def may_begin(self, byte: int) -> bool:
        """Whether the line may begin with a byte."""
        if self._behind is None or byte not in _SILENT:
            return True
        return byte != _HASH and self._takes_docstring

    def is_in_word(self, scan: Scan) -> bool:
        """Whether the first word of the line is being written."""
        return self._behind is not None and scan.name != b"" and scan.name == scan.line

    def fits(self, blocks: Blocks, before: Scan, after: Scan) -> bool:
        """Whether the line may go on from ``before`` to ``after``, one byte further, in the innermost of ``blocks``.

        The word is refused with its last byte, unless a longer one that begins like it stands in the document.
        """
        if self.is_in_word(after):
            word = after.name
            return word not in _LEADING or self._goes_on(word) or self._may_lead(blocks, word)
        return not self.is_in_word(before) or self._may_lead(blocks, before.name)

    def _goes_on(self, word: bytes) -> bool:
        return any(longer != word for longer in self._words.starting_with(word))

    def _may_lead(self, blocks: Blocks, word: bytes) -> bool:
        assert self._behind is not None, "there is a first word"
        column = blocks.levels[-1]
        if word in LEAVING:
            return column not in self._behind.descent.columns[:1]
        return word not in _HEADERS or self._behind.takes_header(blocks, column)

    @cached_property
    def _takes_docstring(self) -> bool:
        """Whether a docstring belongs there: behind the header of a definition, and where a module begins."""
        lines = [code for line in self._document.prefix.split("\n") if (code := _FIRST_WORD.match(line))]
        if not lines or not self._cursor.header:
            return not lines
        outer = self._cursor.levels[-1]
        return next((code[2] in _DEFINING for code in reversed(lines) if _column(code) == outer), False)

    @cached_property
    def _words(self) -> Words:
        return code_words(self._document.prefix, self._document.suffix)


def left_column(prefix: str, blocks: Blocks) -> Column | None:
    """Return where nothing is reached any more: at the column of a last line that leaves its block; None if not."""
    line = prefix.rfind("\n", 0, len(prefix.rstrip())) + 1
    code = _FIRST_WORD.match(prefix, line)
    if blocks.header or code is None or code[2].encode() not in LEAVING:
        return None
    return blocks.levels[-1] if _column(code) == blocks.levels[-1] else None


def _column(code: re.Match[str]) -> Column:
    return Column.of(code[1].encode())


@lru_cache(maxsize=8)
def code_words(prefix: str, suffix: str) -> Words:
    """Return the words of a text around a hole that are not in comments or strings."""
    words = (word for text in (prefix, suffix) for word in _PIECE.findall(text) if word)
    return Words.of(word.encode("utf-8", "surrogatepass") for word in words)
