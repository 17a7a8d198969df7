"""What a language's lexical grammar consists of, as a value that ``analysis.source.scanner`` works by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from analysis.python.lexicon import LETTERS


@dataclass(frozen=True, slots=True)
class Text:
    """One kind of string or character literal.

    Attributes:
        opening: What begins it.
        closing: What ends it.
        escapes: A backslash takes the next byte's meaning away.
        multiline: It may go on over line ends; one that may not ends with its line, closed or not.
        hole: What begins a piece of code in it, up to the matching ``}``; b"" if nothing does.
    """

    opening: bytes
    closing: bytes
    escapes: bool = True
    multiline: bool = False
    hole: bytes = b""


@dataclass(frozen=True, slots=True)
class Lexis:
    """The tokens of a language, as far as it matters what is code and what is open.

    Attributes:
        line_comments: What begins a comment up to the line's end.
        block_comments: What begins and ends the others.
        nested_comments: Whether those nest.
        texts: Strings and characters; one whose opening begins like another's stands behind that.
        letters: Bytes that a name begins with.
        brackets: Whether ``()``, ``[]`` and ``{}`` come in pairs, and only in pairs.
        members: Operators that a member's name follows.
        raw_names: Names right before a ``"`` that make it a raw string, as C++ or Rust write those.
        raw_hashes: Rust's way: any number of ``#`` between the name and the quote; else C++'s delimiter in brackets.
        lifetimes: A ``'`` may begin a name.
        digit_marks: Bytes that may stand between the digits of a number besides ``_``.
        directives: Lines that begin with ``#`` are the preprocessor's.
        before_regex: Words behind which a slash begins a regular expression; empty if the language has none.
        elements: XML may stand where an expression may (JSX).
    """

    line_comments: tuple[bytes, ...] = ()
    block_comments: tuple[tuple[bytes, bytes], ...] = ()
    nested_comments: bool = False
    texts: tuple[Text, ...] = ()
    letters: frozenset[int] = LETTERS
    brackets: bool = True
    members: tuple[bytes, ...] = (b".",)
    raw_names: frozenset[bytes] = frozenset()
    raw_hashes: bool = False
    lifetimes: bool = False
    digit_marks: frozenset[int] = frozenset()
    directives: bool = False
    before_regex: frozenset[bytes] = frozenset()
    elements: bool = False


UNKNOWN: Final = Lexis(brackets=False, members=())
"""Of a language that nothing is known of: names and lines."""
