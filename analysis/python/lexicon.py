"""Words and bytes of Python's lexical grammar, as tables.

Bytes from 0x80 on count as letters: they occur outside strings and comments only in identifiers.
"""

from __future__ import annotations

import keyword
import re
from typing import Final

LETTERS: Final = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_") | frozenset(range(0x80, 0x100))
DIGITS: Final = frozenset(b"0123456789")
WORD: Final = LETTERS | DIGITS
BLANKS: Final = frozenset(b" \t\f")
QUOTES: Final = frozenset(b"\"'")

NEWLINE: Final = ord("\n")
RETURN: Final = ord("\r")
FORM_FEED: Final = ord("\f")
BACKSLASH: Final = ord("\\")
BOM: Final = b"\xef\xbb\xbf"

PAIRS: Final = {b")": b"(", b"]": b"[", b"}": b"{"}
"""Opening bracket by closing bracket."""

CLOSERS: Final = {opening: closing for closing, opening in PAIRS.items()}
"""Closing bracket by opening bracket."""

PREFIXES: Final = frozenset(b"b r u f t br rb fr rf tr rt".split())
"""String prefixes in lower case; t-strings are PEP 750."""

ATOMS: Final = frozenset((b"True", b"False", b"None"))
KEYWORDS: Final = frozenset(word.encode() for word in keyword.kwlist) - ATOMS
"""Reserved words that are not values."""

OPERAND_WORDS: Final = ATOMS | frozenset((b"not", b"lambda", b"await", b"yield"))
"""Reserved words that an operand begins with."""

SOFT_KEYWORDS: Final = frozenset((b"match", b"case", b"type"))
COMPOUND: Final = frozenset(b"if elif else for while with try except finally def class async match case".split())
"""Words that open a block with a colon."""

OPERATOR_WORDS: Final = frozenset(b"and else for if in is or".split())
"""Words that may stand behind an operand."""

IMPORTS: Final = frozenset((b"import", b"from"))

STATEMENT_WORDS: Final = frozenset(
    b"assert break class continue def del elif except finally global import".split()
    + b"nonlocal pass raise return try while".split()
)
"""Words that no valid program has inside brackets."""

NARROWING: Final = frozenset((b"isinstance", b"issubclass", b"hasattr", b"callable"))
"""Calls that tell an analysis something new about the names inside."""

STATEMENT_LINE: Final = re.compile(rb"[\r\n][ \t]*(?:" + b"|".join(sorted(STATEMENT_WORDS)) + rb")(?![\w\x80-\xff])")
"""A line led by one of ``STATEMENT_WORDS``: inside brackets it shows that one of them was never closed."""
