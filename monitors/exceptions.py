"""The monitor ``exceptions``: what is raised or caught is an exception.

What may stand behind ``except`` (in its parentheses, too) and ``raise``, and behind the dot of a module there:
exception classes, what nobody knows to be none, and the rest in front of what may make an exception of
it: a module or class in front of its dot, behind ``raise`` a function in front of its bracket.  When it says
nothing: the name is bound by the middle; behind a dot, its owner is no module.  How strong:
``exceptions`` of ``monitors/strength.py``.
"""

from __future__ import annotations

import re
from functools import lru_cache

from analysis.facts import UNRESOLVED, FactKey
from analysis.python.lexicon import KEYWORDS
from analysis.python.scanner import Scan
from monitors.base import Lexed, Site, bits
from monitors.listed import Listed
from monitors.naming import Name, NameMonitor, Trail
from monitors.ranks import all_alike
from monitors.scope import bound_words
from monitors.strength import Strength
from monitors.words import Words, encoded

KIND = "exceptions"

WANTED = re.compile(
    rb"(?:\A(?:except\b[ \t]*\*?[ \t]*(?:\(\s*)?(?:[\w\x80-\xff.]+\s*,\s*)*)|(?:\A|[:;])\s*raise[ \t]+)"
    rb"(?:(?P<owner>[\w\x80-\xff]+(?:\.[\w\x80-\xff]+)*)\.)?\Z"
)
MAY_RAISE = re.compile(rb"\A(?:except|raise)|[:;]")
BEHIND = bits(b":;\r\n")
CAUGHT = b"except"
KEYWORD_WORDS = Words.of(KEYWORDS)
STATEMENTS = (b"try", b"except", b"raise")
OWNED = re.compile(r"[^\W\d][\w.]*\Z")


class Exceptions(NameMonitor):
    """Names that are raised or caught, checked against facts; see the module."""

    name = "exceptions"

    def __init__(self, site: Site, strength: Strength) -> None:
        """Watch one request; ``strength`` gives the penalties."""
        self._document = site.document.digest
        self._strength = strength
        super().__init__(site)

    def watches(self, text: Lexed) -> bool:
        """Look at lines with one of the words; one that ends within ``text`` has a line end in it."""
        line = text.after[-1].line
        return b"except" in line or b"raise" in line or b"\n" in text.data or b"\r" in text.data

    def hears(self, state: Trail, scan: Scan) -> int:
        """Return what a statement that raises may come behind, in a line without any of that that catches nothing."""
        is_free = state.name is None and not state.missing and state.ahead < 0
        line = scan.line
        if is_free and not scan.at_line_start and line != scan.name and MAY_RAISE.search(line) is None:
            return BEHIND
        return super().hears(state, scan)

    def begin(self, before: Scan, at: int, margin: bytes | None) -> Name | None:
        """Open a name that an exception has to come from."""
        wanted = WANTED.search(before.line) if b"except" in before.line or b"raise" in before.line else None
        if wanted is None:
            return None
        owner = (wanted["owner"] or b"").decode("utf-8", "replace")
        return None if owner.partition(".")[0] in before.bound else Name(self._key(owner), before)

    def listed(self, name: Name) -> Listed | None:
        """Return what may be raised or caught, with the byte that has to follow it."""
        fact = name.fact
        if fact is None or fact.kind == UNRESOLVED:
            return None
        label = f"{KIND}.{fact.kind}"
        own = () if name.key.receiver else (KEYWORD_WORDS, bound_words(name.before.bound))
        ranks = all_alike(words_of(name), *own)
        return Listed(label, fact.origin, ranks, self._strength.prices(label), Words())

    def follow(self, name: Name, byte: int, scan: Scan) -> Name | bool:
        """Judge what is not made an exception by what follows, and no keyword."""
        return name.text + bytes((byte,)) not in words_of(name) and name.text not in KEYWORD_WORDS

    def ahead(self, scan: Scan, margin: bytes | None) -> tuple[FactKey, ...]:
        """Return the questions about what can be caught or raised, and about a module that is named there."""
        if scan.keyword not in STATEMENTS:
            return ()
        owner = scan.chain
        owned = scan.keyword != b"try" and OWNED.match(owner) and owner.partition(".")[0] not in scan.bound
        return (self._key(""), self._key(owner)) if owned else (self._key(""),)

    def _key(self, owner: str) -> FactKey:
        return FactKey(KIND, self._document, owner)


def words_of(name: Name) -> Words:
    """Return what the fact about a name lists, with the byte that has to follow; none without a fact."""
    if name.fact is None:
        return Words()
    return encoded(uncalled(name.fact.names) if name.before.line.startswith(CAUGHT) else name.fact.names)


@lru_cache(maxsize=64)
def uncalled(names: frozenset[str]) -> frozenset[str]:
    """Return the names without those that would have to be called: nobody makes what is to be caught."""
    return frozenset(name for name in names if not name.endswith("("))
