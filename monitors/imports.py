"""The monitor ``imports``: modules that are imported must exist, and so must the names imported from them.

What may stand: behind ``import`` and ``from`` the modules that the analysis finds in the environment
and the project, behind a dot those of the package; behind ``from module import`` what the module
defines, and its submodules.  What the code below needs comes first (``monitors.likeness``).  When it
says nothing: behind ``as``, where the module cannot be found, and in statements that do not begin a
line.  How strong: ``modules`` and ``exports`` of ``monitors/strength.py``; inside ``try`` hardly at all.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from analysis.facts import UNRESOLVED, FactKey
from analysis.python.lexicon import IMPORTS
from analysis.python.scanner import Scan
from monitors.base import Lexed, Site
from monitors.likeness import NEEDED, Likeness, needed
from monitors.listed import Listed
from monitors.naming import Name, NameMonitor
from monitors.ranks import all_alike, ranked
from monitors.strength import Strength
from monitors.words import WORD, Words, encoded, written_words

MODULES = "modules"
EXPORTS = "exports"

BESIDE = re.compile(rb"#[^\r\n]*|\\")
TOKEN = re.compile(rb"[\w\x80-\xff]+|[^\s\w]")
KEYWORD = Words((b"import",))

_LINE_END: Final = re.compile(rb"[\r\n;]")


class Imports(NameMonitor):
    """Names in import statements, checked against facts; see the module."""

    name = "imports"

    def __init__(self, site: Site, strength: Strength) -> None:
        """Watch one request; ``strength`` gives the penalties."""
        self._document = site.document.digest
        self._options = site.options
        self._strength = strength
        self._known = written_words(site.document.prefix, site.document.suffix)
        self._needed = needed(site.document.prefix, site.document.suffix)
        super().__init__(site)

    def watches(self, text: Lexed) -> bool:
        """Look at lines that import; one that begins and ends within ``text`` has a line end in it."""
        if text.before.keyword in IMPORTS or text.after[-1].keyword in IMPORTS:
            return True
        return _LINE_END.search(text.data) is not None

    def begin(self, before: Scan, at: int, margin: bytes | None) -> Name | None:
        """Open a module's name, or one imported from a module."""
        asked = asked_at(before.line) if before.keyword in IMPORTS else None
        return None if asked is None else Name(self._key(*asked), before)

    def listed(self, name: Name) -> Listed | None:
        """Return what can be imported there."""
        fact = name.fact
        if fact is None or fact.kind == UNRESOLVED or not fact.names:
            return None
        banned = self._options.banned_of(name.key.receiver)
        label = f"{name.key.kind}.{fact.kind}"
        prices = self._strength.prices(label)
        if name.key.kind == MODULES:
            # ``from . import``: behind dots alone the keyword may come, too.
            keyword = () if name.key.receiver.strip(".") else (KEYWORD,)
            return Listed(label, fact.origin, all_alike(encoded(fact.names, banned), *keyword), prices, self._known)
        found = ranked(fact, banned, prices.hidden, self._likeness(name.before.line))
        return Listed(label, fact.origin, found.ranks, prices.beside(found.others), self._known)

    def _likeness(self, line: bytes) -> Likeness:
        """Return which names the code below needs that the statement does not import already."""
        wanted = self._needed.difference(WORD.findall(line.decode("utf-8", "replace")))
        return Likeness(dict.fromkeys(wanted, self._strength.weight(NEEDED)))

    def follow(self, name: Name, byte: int, scan: Scan) -> Name | bool:
        """Judge every finished name but the keyword."""
        return name.text not in KEYWORD

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


def module_before(tokens: list[bytes]) -> tuple[str, str] | None:
    """Return the question about the package that a dotted path has named so far."""
    if tokens and tokens[-1] != b".":
        return None
    path = b"".join(tokens)
    package = path if not path.strip(b".") else path[:-1]
    return MODULES, package.decode("utf-8", "replace")
