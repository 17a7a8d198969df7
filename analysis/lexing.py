"""The lexical state of a text in any language: what is read of it, and which scanner makes it."""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol, Self

from analysis.languages import PYTHON, Language, language_of
from analysis.python.scanner import START, Mode, scan_text
from analysis.source.scanner import scan_document, start_of


class LexicalState(Protocol):
    """What the decode loop and monitors of any language read; immutable, the same however the text was cut.

    ``analysis.python.scanner.Scan`` says what each attribute means.
    """

    @property
    def name(self) -> bytes:
        """Identifier being written, b"" when the last byte is not part of one."""

    @property
    def indent(self) -> bytes:
        """Indentation of the current logical line."""

    @property
    def mode(self) -> Mode:
        """What the next byte belongs to."""

    @property
    def brackets(self) -> bytes:
        """Open brackets of code, innermost last."""

    @property
    def nesting(self) -> tuple[bytes, ...]:
        """Everything open, outermost first."""

    @property
    def depth(self) -> int:
        """Length of ``nesting``."""

    @property
    def quote(self) -> bytes:
        """Closing delimiter of the innermost open string; b"" when none."""

    @property
    def line(self) -> bytes:
        """The current logical line from its first non-blank byte."""

    @property
    def keyword(self) -> bytes:
        """First word of the logical line where such a word decides what the line's end means, else b""."""

    @property
    def in_call(self) -> bool:
        """Whether the innermost open bracket may hold the arguments of a call."""

    @property
    def receiver(self) -> str | None:
        """Source before the last member operator, behind it or in the name behind it; None elsewhere."""

    @property
    def chain(self) -> str:
        """Source of the primary expression that ends here, "" when none does."""

    @property
    def ended(self) -> bool:
        """Whether the last byte was the line end that ended a non-blank logical line."""

    @property
    def at_line_start(self) -> bool:
        """Whether only white space has come on this logical line, outside of what joins lines."""

    def step(self, byte: int) -> Self:
        """Return the state after one more byte."""

    def fresh(self) -> Self:
        """Return this state as one that a request begins with: of what came before and after it, no more is kept."""


def start_state(language: Language) -> LexicalState:
    """Return the state of an empty document."""
    return START if language is PYTHON else start_of(language.lexis)


def scan(text: str | bytes, language: Language, rest: str = "") -> LexicalState:
    """Return the state after a document's text and its ``rest``, with nothing bound (``fresh``).

    What is behind the text alone is remembered: somebody who types on a line asks for it at every key.
    """
    before = _behind(text, language.id).fresh()
    for byte in rest.encode("utf-8", "surrogatepass"):
        before = before.step(byte)
    return before


@lru_cache(maxsize=8)
def _behind(text: str | bytes, name: str) -> LexicalState:
    language = language_of(name)
    return scan_text(text) if language is PYTHON else scan_document(text, start_of(language.lexis))
