"""The monitor ``imports``: modules that are imported must exist, and so must the names imported from them.

What may stand: behind ``import`` and ``from`` the modules that the analysis finds in the environment
and the project, behind a dot those of the package; behind ``from module import`` what the module
defines, and its submodules, nothing twice.  What the code below needs comes first
(``monitors.likeness``), and the statement goes on until that lacks nothing.  When it says nothing:
behind ``as``, where the module cannot be found, and in statements that do not begin a line.  How
strong: ``modules`` and ``exports`` of ``monitors/strength.py``; inside ``try`` hardly at all.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Final

from analysis.facts import UNRESOLVED, Fact, FactKey, FactView
from analysis.python.lexicon import BLANKS, IMPORTS, NEWLINE, RETURN
from analysis.python.scanner import Mode, Scan
from monitors.base import Continuations, Expected, Expecting, Lexed, Site, bits
from monitors.likeness import ENDED, WENT_ON, Likeness, needed, rows_of_needed
from monitors.listed import Listed
from monitors.naming import Name, NameMonitor, Trail
from monitors.ranks import all_alike, ranked
from monitors.strength import Strength
from monitors.words import WORD, Words, encoded, open_names, written_words

MODULES = "modules"
EXPORTS = "exports"

BESIDE = re.compile(rb"#[^\r\n]*|\\")
TOKEN = re.compile(rb"[\w\x80-\xff]+|[^\s\w]")
KEYWORD = Words((b"import",))

_LINE_END: Final = re.compile(rb"[\r\n;]")
_ENDS: Final = bits(b"\r\n;")
_COMMA: Final = ord(",")
_LINES: Final = frozenset((NEWLINE, RETURN))
_EXPECTING: Final = (b" ", b"(", b",")
_BEFORE: Final = (b"import", b"(", b",")


class Imports(NameMonitor, Expecting):
    """Names in import statements, checked against facts; see the module."""

    name = "imports"

    def __init__(self, site: Site, strength: Strength) -> None:
        """Watch one request; ``strength`` gives the penalties."""
        self._document = site.document.digest
        self._options = site.options
        self._strength = strength
        self._known = written_words(site.document.prefix, site.document.suffix)
        self._site = site
        super().__init__(site)

    @cached_property
    def _needed(self) -> frozenset[str]:
        """What the code below lacks, but for what the rest of the line imports."""
        around = needed(self._site.document.prefix, self._site.document.suffix)
        return around - frozenset(WORD.findall(self._site.remainder.decode("utf-8", "replace")))

    def watches(self, text: Lexed) -> bool:
        """Look at lines that import; one that begins and ends within ``text`` has a line end in it."""
        if text.before.keyword in IMPORTS or text.after[-1].keyword in IMPORTS:
            return True
        return _LINE_END.search(text.data) is not None

    def hears(self, state: Trail, scan: Scan) -> int:
        """Return the ends of a statement in one that imports nothing."""
        is_free = state.name is None and not state.missing and state.ahead < 0
        if is_free and scan.keyword not in IMPORTS and not scan.at_line_start and scan.line != scan.name:
            return _ENDS
        return super().hears(state, scan)

    def begin(self, before: Scan, at: int, margin: bytes | None) -> Name | None:
        """Open a module's name, or one imported from a module."""
        asked = asked_at(before.line) if before.keyword in IMPORTS else None
        return None if asked is None else Name(self._key(*asked), before)

    def expect(self, scan: Scan) -> Name | None:
        """Expect a name behind a comma, and behind the blank or the bracket that one stands behind."""
        last = scan.line[-1:]
        name = self.begin(scan, 0, None) if scan.mode is Mode.CODE and last in _EXPECTING else None
        return Name(name.key, scan, then=_COMMA) if name is not None and last == b"," else name

    def listed(self, name: Name) -> Listed | None:
        """Return what can be imported there."""
        fact = name.fact
        if fact is None or fact.kind == UNRESOLVED or not fact.names:
            return None
        banned = self._options.banned_of(name.key.receiver) | imported_by(name.before.line)
        label = f"{name.key.kind}.{fact.kind}"
        prices = self._strength.prices(label)
        if name.key.kind == MODULES:
            # ``from . import``: behind dots alone the keyword may come, too.
            keyword = () if name.key.receiver.strip(".") else (KEYWORD,)
            return Listed(label, fact.origin, all_alike(encoded(fact.names, banned), *keyword), prices, self._known)
        found = ranked(fact, banned, prices.hidden, self._likeness(name.before.line, fact))
        return Listed(label, fact.origin, found.ranks, prices.beside(found.others), self._known)

    def _likeness(self, line: bytes, fact: Fact) -> Likeness:
        """Return which names the code below needs that the statement does not import already."""
        rows = rows_of_needed((self._needed & fact.names) - imported_by(line))
        return Likeness({name: self._strength.weight(row) for name, row in rows.items()})

    def follow(self, name: Name, byte: int, scan: Scan) -> Name | bool:
        """Judge every finished name but the keyword."""
        return name.text not in KEYWORD

    def behind(self, name: Name, byte: int, scan: Scan, is_suffix: bool) -> float | None:
        """Charge an import that goes on although nothing is lacking, and one that ends although something is."""
        if name.key.kind != EXPORTS or self.known(name) is None:
            return 0.0
        if scan.mode is Mode.COMMENT or byte in BLANKS or (scan.brackets and byte in _LINES):
            return None
        if scan.name:  # it gets another one
            return 0.0
        if byte == _COMMA:
            return 0.0 if is_suffix or self._lacks(name) else self._strength.ending(WENT_ON)
        return self._strength.ending(ENDED) if self._lacks(name) else 0.0

    def continuations(self, state: Trail) -> Continuations | None:
        """Return how a name goes on, or begins; the last one does not end as long as something is lacking."""
        name, closed = state.name, super().continuations(state)
        if name is None or name.judged or closed is None:
            return None
        if name.then == _COMMA:
            return replace(closed, texts=tuple(b" " + text for text in closed.texts), priced=frozenset(), lead=b" ")
        if b"" not in closed.texts or not self._lacks(name):
            return closed
        return replace(closed, texts=(b",", b" as ", *(text for text in closed.texts if text)), prices=())

    def expected(self, state: Trail, view: FactView) -> Expected:
        """Return what may be imported where nothing is written of it."""
        name = state.name
        if name is None or name.text or name.judged:
            return Expected()
        known = name if name.fact is not None else replace(name, fact=view.get(name.key))
        pending = () if known.fact is not None else (name.key,)
        return Expected(self.continuations(replace(state, name=known)), pending)

    def _lacks(self, name: Name) -> bool:
        """Whether the code below needs more of the same module."""
        if name.key.kind != EXPORTS or name.fact is None or not self._needed:
            return False
        rest = self._needed - imported_by(name.before.line) - {name.text.decode("utf-8", "replace")}
        return not rest.isdisjoint(open_names(name.fact))

    def ahead(self, scan: Scan, margin: bytes | None) -> tuple[FactKey, ...]:
        """Return the question that a name begun here raises; behind ``from module`` that about its names."""
        if scan.keyword not in IMPORTS:
            return ()
        asked = asked_at(scan.line) or asked_at(scan.line + b" import ")
        return () if asked is None else (self._key(*asked),)

    def _key(self, kind: str, module: str) -> FactKey:
        return FactKey(kind, self._document, module)


@lru_cache(maxsize=64)
def asked_at(line: bytes) -> tuple[str, str] | None:
    """Return what a name at the end of an import statement is: (kind of question, module), None for neither.

    >>> asked_at(b"from ..a.b import (c, ")
    ('exports', '..a.b')
    >>> asked_at(b"import x, a.b.")
    ('modules', 'a.b')
    """
    tokens = TOKEN.findall(BESIDE.sub(b" ", line))
    if tokens[:1] == [b"import"]:
        last = next((at for at in range(len(tokens) - 1, 0, -1) if tokens[at] == b","), 0)
        return module_before(tokens[last + 1 :])
    if tokens[:1] != [b"from"]:
        return None
    if b"import" not in tokens:
        return module_before(tokens[1:])
    at = tokens.index(b"import")
    module, names = tokens[1:at], tokens[at + 1 :]
    if not module or (names and names[-1] not in (b",", b"(")):
        return None
    return EXPORTS, b"".join(module).decode("utf-8", "replace")


@lru_cache(maxsize=64)
def imported_by(line: bytes) -> frozenset[str]:
    """Return the names that a statement takes from a module so far: none is taken twice.

    >>> sorted(imported_by(b"from a import (a, b as c, "))
    ['a', 'b']
    """
    tokens = TOKEN.findall(BESIDE.sub(b" ", line))
    if tokens[:1] != [b"from"] or b"import" not in tokens:
        return frozenset()
    names = pairwise(tokens[tokens.index(b"import") :])
    return frozenset(name.decode("utf-8", "replace") for before, name in names if before in _BEFORE and name != b"(")


def module_before(tokens: list[bytes]) -> tuple[str, str] | None:
    """Return the question about the package that a dotted path has named so far."""
    if tokens and tokens[-1] != b".":
        return None
    path = b"".join(tokens)
    package = path if not path.strip(b".") else path[:-1]
    return MODULES, package.decode("utf-8", "replace")
