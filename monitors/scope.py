"""The monitor ``scope``: a plain name that is read must be bound somewhere that it can be read from.

What may stand: builtins, names of the module, of the functions and the class around, what a star
import brings, what the middle itself has bound, and what the comprehension binds whose ``for`` is behind
the cursor.  Which function is around is a matter of the
indentation that the middle's lines have.  When it says nothing: the name may be bound
right there (a target, a parameter, a pattern), is an attribute, an import or a keyword argument.  At
a statement's start and in front of an argument only what follows tells (``name(``, ``name =``, the end of the
line): the name is charged with the byte that shows it is read.  How strong: ``names`` of
``monitors/strength.py``; weaker where a comprehension may still bind the name.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from itertools import product

from analysis.facts import UNRESOLVED, FactKey
from analysis.python.lexicon import ATOMS, BLANKS, IMPORTS, KEYWORDS, NEWLINE, OPERAND_WORDS, PREFIXES, QUOTES, RETURN
from analysis.python.scanner import Mode, Scan
from monitors.base import Continuations, Site
from monitors.listed import Listed
from monitors.naming import Name, NameMonitor, Trail, read_at
from monitors.ranks import all_alike
from monitors.strength import Strength
from monitors.words import Words, all_words, encoded, written_words

KIND = "names"

# Bytes behind a name at a statement's start that show it is read; behind "=" the next one tells.
READ = frozenset(b".([+-*/%@&|^<>!")
EQUALS = ord("=")
COLON = ord(":")
BESIDE = BLANKS | {NEWLINE, RETURN, ord("\\")}

DEFINED = (b"def", b"class", b"lambda")
DEFINED_LENGTH = len(b" lambda")
PATTERNS = (b"case ", b"type ")
WORD_END = re.compile(rb"[\w\x80-\xff]\Z")
LAST_WORD = re.compile(rb"[\w\x80-\xff]*\Z")

TYPE_PARAMETERS = re.compile(rb"(?:async\s+)?(?:def|class)\s+[\w\x80-\xff]+\s*\[[^\]]*\Z")
BETWEEN = b" \t\f\r\n\\"
GATHERING = frozenset((b"any", b"all", b"sum", b"tuple", b"sorted", b"next", b"min", b"max", b"join"))
"""What is called with a comprehension more often than anything else is: in one call of ten at least."""
RESERVED = KEYWORDS | ATOMS
KEYWORD_WORDS = Words.of(RESERVED)

# Behind what an operand has to begin, and the reserved words that one begins with.
AWAITING = re.compile(rb"(?:[=([{+\-*/%@&|^<>~]|(?<![\w\x80-\xff.])(?:return|if|elif|while|and|or))\Z")
OPERAND_KEYWORDS = Words.of(OPERAND_WORDS)
SYNCHRONOUS_KEYWORDS = Words.of(OPERAND_WORDS - {b"await"})
STRING_PREFIXES = Words.of(
    bytes(letters) for prefix in PREFIXES for letters in product(*zip(prefix, prefix.upper(), strict=True))
)

# What a comprehension binds.
TARGETS = re.compile(rb"(?<![\w\x80-\xff.])for\s([^=]+?)\sin(?![\w\x80-\xff])")
WORDS = re.compile(rb"[\w\x80-\xff]+")

# Strings and comments, words, brackets and commas: what tells whether a bracket may hold a comprehension.
PIECE = re.compile(rb"#[^\r\n]*|\"[^\"\r\n]*\"?|'[^'\r\n]*'?|[\w\x80-\xff]+|[()\[\]{},]|[^\s]")


class Scope(NameMonitor):
    """Plain names that are read, checked against the names in scope; see the module."""

    name = "scope"

    def __init__(self, site: Site, strength: Strength) -> None:
        """Watch one request; ``strength`` gives the penalties."""
        self._document = site.document
        self._strength = strength
        self._known = written_words(site.document.prefix, site.document.suffix)
        self._banned = site.options.banned_of("")
        words = all_words(site.document.prefix, site.document.suffix)
        self._keys: dict[bytes, FactKey] = {}
        self._operand_words = OPERAND_KEYWORDS if "async" in words else SYNCHRONOUS_KEYWORDS
        self._read_at = read_at(site)
        self._bound_behind = bound_behind(site.remainder)
        super().__init__(site)

    def margin(self, margin: bytes | None, indent: bytes) -> bytes:
        """Return the shortest indentation of the lines with names."""
        return indent if margin is None else min(margin, indent, key=len)

    def begin(self, before: Scan, at: int, margin: bytes | None) -> Name | None:
        """Open a plain name, unless it is surely bound there."""
        if before.receiver is not None or before.keyword in IMPORTS or before.line.startswith(PATTERNS):
            return None
        last = code_of(before.line)
        word = LAST_WORD.search(last[-DEFINED_LENGTH:])
        if (word is not None and word[0] in DEFINED) or last.endswith(b"."):
            return None
        if (before.binder and last[-1:] in (b"(", b",", b"*")) or TYPE_PARAMETERS.match(last):
            return None
        argument = before.in_call and last[-1:] in (b"(", b",")
        assert margin is not None, "the name's line is in it"
        return Name(self._key(margin), before, at == self._read_at or not (before.target or argument))

    def listed(self, name: Name) -> Listed | None:
        """Return the names in scope."""
        fact = name.fact
        if fact is None or fact.kind == UNRESOLVED:
            return None
        line = name.before.line
        label = f"{KIND}.{position(line) if fact.kind == 'scope' else fact.kind}"
        reserved = self._operand_words if awaits_operand(line) else KEYWORD_WORDS
        bound = (bound_words(name.before.bound), self._bound_behind)
        ranks = all_alike(encoded(fact.names, self._banned), reserved, *bound)
        return Listed(label, fact.origin, ranks, self._strength.prices(label), self._known, STRING_PREFIXES)

    def continuations(self, state: Trail) -> Continuations | None:
        """Return None for what a comprehension may still bind: the names in scope are not all that may stand there."""
        name = state.name
        return None if name is not None and position(name.before.line) == "element" else super().continuations(state)

    def least(self, name: Name, written: bytes) -> float:
        """Return the least that the name can cost; nearly always it is a name in scope, and nothing else matters."""
        if name.fact is not None and encoded(name.fact.names, self._banned).fits(written):
            return 0.0
        return super().least(name, written)

    def follow(self, name: Name, byte: int, scan: Scan) -> Name | bool:
        """Tell reading from binding by what stands behind the name."""
        if byte in QUOTES and name.text.lower() in PREFIXES:
            return False
        if name.text in RESERVED:
            return name.text not in OPERAND_WORDS and awaits_operand(name.before.line)
        if name.held:
            return True
        if name.then:
            return byte == EQUALS if name.then == EQUALS else byte != EQUALS and not name.before.target
        if byte in BESIDE and not scan.at_line_start or scan.mode is Mode.COMMENT:
            return name
        if byte in (EQUALS, COLON):
            return replace(name, then=byte)
        is_alone = scan.at_line_start and not name.before.line.strip(BETWEEN)
        return byte in READ or is_alone or not name.before.target

    def ahead(self, scan: Scan, margin: bytes | None) -> tuple[FactKey, ...]:
        """Return the question that a name on this line raises; before anything is written, on the cursor's line."""
        if scan.at_line_start:
            return (self._key(self._document.indent.encode() if margin is None else margin),)
        return (self._key(scan.indent if margin is None else min(margin, scan.indent, key=len)),)

    def _key(self, margin: bytes) -> FactKey:
        if margin not in self._keys:
            self._keys[margin] = FactKey(KIND, self._document.digest, margin.decode())
        return self._keys[margin]


def code_of(line: bytes) -> bytes:
    """Return a logical line without the blanks, line ends and comments at its end.

    >>> code_of(b"f(a,  # why\\n    ")
    b'f(a,'
    """
    return line.rstrip(BETWEEN) if b"#" not in line else _before_notes(line)


@lru_cache(maxsize=64)
def _before_notes(line: bytes) -> bytes:
    code = (piece.end() for piece in PIECE.finditer(line) if not piece[0].startswith(b"#"))
    return line[: max(code, default=0)].rstrip(BETWEEN)


@lru_cache(maxsize=64)
def position(line: bytes) -> str:
    """Return what a name at the end of a logical line may still turn out to be: the class of doubt.

    ``element``: part of a comprehension, whose ``for`` binds it, where one mostly stands; ``argument``: the same as
    any other call's first argument; else ``plain``.

    >>> position(b"x = [f(a, "), position(b"x = any(not ")
    ('element', 'element')
    >>> position(b"x = f(g(a), ")
    'plain'
    """
    levels: list[str] = []
    last = defining = b""
    for piece in PIECE.findall(line):
        if piece in (b"(", b"[", b"{"):
            behind = last[-1:] in (b")", b"]") or (WORD_END.search(last) is not None and last not in KEYWORDS)
            called = "element" if last in GATHERING else "argument"
            first = "plain" if piece == b"[" or defining in DEFINED else called
            levels.append(first if behind else "element")
        elif levels and piece in (b")", b"]", b"}"):
            levels.pop()
        elif levels and piece in (b",", b"for"):
            levels[-1] = "plain"
        defining, last = last, piece
    return next((kind for kind in ("element", "argument") if kind in levels), "plain")


@lru_cache(maxsize=64)
def awaits_operand(line: bytes) -> bool:
    """Whether an operand has to begin at the end of a logical line, so that no statement or operator may.

    >>> awaits_operand(b"return a + "), awaits_operand(b"return a ")
    (True, False)
    """
    return AWAITING.search(code_of(line)) is not None


def bound_behind(remainder: bytes) -> Words:
    """Return what the rest of a line binds for what stands before it.

    >>> bound_behind(b"(word) for i, (word, _) in pairs if word)").ordered
    (b'_', b'i', b'word')
    """
    return Words.of(word for targets in TARGETS.findall(remainder) for word in WORDS.findall(targets))


@lru_cache(maxsize=64)
def bound_words(names: frozenset[str]) -> Words:
    """Return what the middle has bound, as bytes."""
    return Words.of(name.encode("utf-8", "surrogateescape") for name in names)
