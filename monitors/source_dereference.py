"""The monitor ``dereference`` of languages with a language server: members that are named must exist.

What may stand: behind a member operator (``.``, ``?.``, ``->``, in C++ ``::``) the names that the server lists there.
When it says nothing: the fact is not there, is empty, or is a list that was cut; behind the ``::`` of a class where
a member may be defined, as clangd lists no private ones there; where the lexical state is not certain; and, in
JavaScript and TypeScript, for a name that is assigned, which is how members come to be.  Where only what follows tells
the two apart, the name is charged with that byte.  How strong: as in ``monitors.dereference``, by the rate at
which lists of the language lack the true name (``python -m bench.truth_forbid_servers``).

The question is asked where the name stands, with all of the middle before it: what the middle declares
and what it narrows counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Final

from analysis.analyzers.language_servers.answers import SCOPE, TRUNCATED
from analysis.facts import UNRESOLVED, BaseDocument, Fact, FactKey, FactView
from analysis.python.lexicon import WORD
from analysis.python.scanner import Mode
from analysis.source.scanner import SourceScan
from monitors.base import Check, Continuations, Kind, Lexed, Site
from monitors.listed import Listed, judgement
from monitors.naming import LOAD_BEHIND
from monitors.ranks import all_alike
from monitors.strength import Strength
from monitors.words import Words, encoded, written_words

KIND: Final = "members"

OPERATORS: Final = (b"?.", b"->", b".")
"""Those that are watched in all languages; one that another ends like stands before it."""

COLONS: Final = b"::"
"""Watched in C++ too."""

_VALUE_ENDS: Final = tuple(bytes((byte,)) for byte in WORD | frozenset(b"$)]}!?\"'`"))
_NUMBER: Final = re.compile(rb"(?<![\w$\x80-\xff])\d[\w.]*\Z")
_WHITE: Final = frozenset(b" \t\r\n")
_EQUALS: Final = ord("=")

# What servers list only a part of: by an index signature any name may follow; ``unsafe`` is Go's compiler itself.
_ANY_NAME: Final = frozenset(("process.env", "import.meta.env", "unsafe"))

# Namespaces whose lists are long, and whose names every model knows.
_NAMESPACES: Final = frozenset(("std",))

# In a header without its body gopls does not know all the types.
_HEADER: Final = re.compile(rb"\bfunc\b[^{]*\Z")

# What every object has in JavaScript and TypeScript: a list of nothing else is of a type that says nothing.
_OF_ALL_OBJECTS: Final = frozenset(
    ("constructor", "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable", "toLocaleString", "toString", "valueOf")
)

# What makes a member by assigning it, and what stands before a value that is surely read.
_MADE_BY_ASSIGNING: Final = frozenset(("javascript", "javascriptreact", "typescript", "typescriptreact"))
_READ: Final = re.compile(rb"(?:[(\[+\-*/%&|<!?,:]|\b(?:await|case|in|new|of|return|throw|typeof|yield))\s*\Z")

# What stands before a class of C++ that is used, and is no part of a definition.
_USED: Final = re.compile(rb"(?:[(\[=+\-/%|!?,]|&&|\b(?:case|new|return|throw))\s*\Z")

_WORDS: Final = {
    "cpp": Words.of((b"operator", b"template")),
    "java": Words.of((b"class", b"new", b"super", b"this")),
    "rust": Words.of((b"await",)),
}
"""Words of a language that may stand where a member's name does; not all servers list them."""

# Questions about a document that are asked before anything is written.
_MOST_AHEAD: Final = 4
_NEARBY_CHARACTERS: Final = 2000
_NAME: Final = r"[^\W\d][\w$]*"
_OPERATOR: Final = r"(\?\.|->|\.|::)(?=[^\W\d]|[$#])"
_CHAIN: Final = re.compile(rf"(?<![\w$.>:])({_NAME}(?:(?:\.|->|::){_NAME})*){_OPERATOR}")
_LINK: Final = re.compile(rf"({_NAME}){_OPERATOR}")


@dataclass(frozen=True, slots=True)
class Name:
    """A member's name that is being written, or that was, while what follows has yet to say what it is.

    Attributes:
        key: The question about its place.
        held: Whether it has to exist; if not, what follows will say.
        defined: Whether it may be a member of a class that is defined here.
        text: What is written of it.
        then: The last byte behind it that was no answer yet, 0 for none.
        fact: The answer, if it had come when the name's first byte was written.
        listed: What may stand here by that answer; None if anything may.
        paid: Penalty so far.
    """

    key: FactKey
    held: bool
    defined: bool = False
    text: bytes = b""
    then: int = 0
    fact: Fact | None = None
    listed: Listed | None = None
    paid: float = 0.0


@dataclass(frozen=True, slots=True)
class Trail:
    """State of the monitor.

    Attributes:
        hole: All bytes of the middle so far.
        name: The name being judged, None elsewhere.
        judged: Judgements so far.
        missing: Questions unanswered at the names begun in the last ``step``; no part of the value.
    """

    hole: bytes = b""
    name: Name | None = None
    judged: tuple[Check, ...] = ()
    missing: tuple[FactKey, ...] = field(default=(), compare=False)


class SourceDereference:
    """Members, checked against facts; see the module."""

    name = "dereference"
    kind = Kind.HEURISTIC

    def __init__(self, site: Site[SourceScan], strength: Strength) -> None:
        """Watch one request; ``strength`` gives the penalties."""
        document = site.document
        self._document = document
        self._strength = strength
        self._known = written_words(document.prefix, document.suffix)
        self._options = site.options
        self._typed = len(site.typed)
        self._read_at = _read_at(site)
        self._makes = site.language.id in _MADE_BY_ASSIGNING
        self._has_headers = site.language.id == "go"
        self._operators = _operators(site.language.id)
        self._last_bytes = frozenset(operator[-1] for operator in self._operators)
        self._words = _WORDS.get(site.language.id, Words())
        self._inside = site.language.lexis.letters | WORD
        self._links = {name.encode(): sign for name, sign in _LINK.findall(document.prefix + document.suffix)}
        self._value_before = document.prefix.rstrip()[-1:].encode()

    def start(self) -> Trail:
        """Return the state at the start of the middle."""
        return Trail()

    def step(self, state: Trail, text: Lexed[SourceScan], view: FactView) -> tuple[float, Trail]:
        """Charge each name with the byte that makes it one that the list lacks."""
        walk = _Walk(state.name, state.judged)
        at = 0
        while at < len(text.data):
            name, byte = walk.name, text.data[at]
            if name is not None and text.after[at].name and not name.then:
                at = self._write(walk, name, text, at, view)
                continue
            if name is not None and (name.text or byte not in _WHITE):
                self._follow(walk, name, byte, len(state.hole) + at)
            if walk.name is None and byte in self._last_bytes and not text.is_suffix:
                walk.name = self._begun(state.hole + text.data[: at + 1], text.after[at], view)
            at += 1
        return walk.penalty, Trail(state.hole + text.data, walk.name, walk.judged, walk.missing)

    def continuations(self, state: Trail) -> Continuations | None:
        """Return how the name may go on, where it is held against a list."""
        name = state.name
        listed = name.listed if name is not None and name.held else None
        found = listed.continuations(name.text) if name is not None and listed is not None else None
        return None if found is None else replace(found, inside=self._inside)

    def needs(self, state: Trail, scan: SourceScan) -> tuple[FactKey, ...]:
        """Return the question of the name being begun, and the one that a member operator would raise here."""
        begun = (state.name.key,) if state.name is not None and state.name.fact is None else ()
        sign = self._links.get(scan.name, "")
        chain = scan.chain if sign.encode() in self._operators and scan.chain not in _NAMESPACES else ""
        return (*begun, self._key(state.hole + sign.encode(), chain + sign)) if chain else begun

    def missing(self, state: Trail) -> tuple[FactKey, ...]:
        """Return the questions unanswered at the names begun in the last ``step``."""
        return state.missing

    def checks(self, state: Trail) -> tuple[Check, ...]:
        """Return the judgements on all names finished behind the cursor so far."""
        return state.judged

    def _begun(self, hole: bytes, scan: SourceScan, view: FactView) -> Name | None:
        """Return the name that may begin behind the last byte of ``hole``, with its fact if that is there already."""
        sign = next((sign for sign in self._operators if hole.endswith(sign)), None)
        if sign is None or scan.mode is not Mode.CODE or not scan.certain:
            return None
        before = hole[: -len(sign)]
        if not self._is_value(before, sign):
            return None
        if sign == COLONS and scan.receiver in _NAMESPACES:
            return None
        receiver = (scan.receiver or "") + sign.decode()
        if scan.receiver in _ANY_NAME or (self._has_headers and _HEADER.search(scan.line)):
            return None
        if not hole.endswith(receiver.encode("utf-8", "replace")):
            receiver = sign.decode()
        key = self._key(hole, receiver)
        owner = hole[: -len(receiver)]
        held = not self._makes or len(hole) == self._read_at or _READ.search(owner) is not None
        return self._latched(Name(key, held, sign == COLONS and _USED.search(owner) is None), view)

    def _is_value(self, before: bytes, sign: bytes) -> bool:
        """Whether something that has members may end here; the arrow of a return type has white space before it.

        So has the ``::`` that stands before a name of the outermost scope.
        """
        value = before.rstrip()
        if value != before and (sign == COLONS or (sign == b"->" and b"\n" not in before[len(value) :])):
            return False
        return (value[-1:] or self._value_before) in _VALUE_ENDS and _NUMBER.search(value[-32:]) is None

    def _key(self, hole: bytes, receiver: str) -> FactKey:
        """Return the question about the names behind ``receiver``, which ``hole`` ends with."""
        middle = hole.decode("utf-8", "replace").removesuffix(receiver)
        return FactKey(KIND, self._document.digest, receiver, middle if middle.strip() else "")

    def _write(self, walk: _Walk, name: Name, text: Lexed[SourceScan], at: int, view: FactView) -> int:
        """Go to the end of the name, or of ``text``; with its first byte the fact or its absence is settled."""
        if not name.text and name.fact is None:
            name = self._latched(name, view)
            if name.fact is None:
                walk.missing = (*walk.missing, name.key)
        while at < len(text.data) and text.after[at].name:
            written = text.after[at].name
            at += 1
        paid = name.listed.least(written) if name.held and name.listed is not None else 0.0
        walk.penalty += paid - name.paid
        walk.name = replace(name, text=written, paid=paid)
        return at

    def _follow(self, walk: _Walk, name: Name, byte: int, at: int) -> None:
        """Take a byte behind a name, or in place of one, at offset ``at`` of the middle."""
        walk.name = None
        if not name.text:
            return
        if not name.held:
            if name.then != _EQUALS and byte in b" \t=":
                walk.name = replace(name, then=byte)
                return
            if name.then == _EQUALS and byte != _EQUALS:
                return
        if at > self._typed:
            walk.judged = (*walk.judged, judgement(KIND, name.text, name.fact, name.listed))
        if name.listed is not None:
            walk.penalty += name.listed.price(name.text) - name.paid

    def _latched(self, name: Name, view: FactView) -> Name:
        """Return the name with its fact, if that is in the view."""
        fact = view.get(name.key)
        if fact is None or fact.kind in (UNRESOLVED, TRUNCATED) or fact.names <= _OF_ALL_OBJECTS:
            return replace(name, fact=fact)
        if name.defined and fact.kind == SCOPE:
            return replace(name, fact=fact)
        owner = name.key.receiver.rstrip("?.->")
        ranks = all_alike(encoded(fact.names, self._options.banned_of(owner)), self._words)
        label = f"{KIND}.{fact.kind}"
        listed = Listed(label, fact.origin, ranks, self._strength.prices(label), self._known)
        return replace(name, fact=fact, listed=listed)


def _operators(language: str) -> tuple[bytes, ...]:
    """Return the member operators that are watched in a language."""
    return (*OPERATORS, COLONS) if language == "cpp" else OPERATORS


def _read_at(site: Site[SourceScan]) -> int | None:
    """Return where in the middle the cursor's name begins if what stands behind the cursor shows that it is read."""
    tail = re.search(rb"[\w$#\x80-\xff]*\Z", site.typed)
    return len(site.typed) - len(tail[0] if tail else b"") if LOAD_BEHIND.match(site.remainder) else None


@dataclass(slots=True)
class _Walk:
    """What changes on the way over some bytes; lives no longer than that."""

    name: Name | None
    judged: tuple[Check, ...]
    missing: tuple[FactKey, ...] = ()
    penalty: float = 0.0


def nearby(document: BaseDocument) -> tuple[FactKey, ...]:
    """Return questions worth asking before anything is written: receivers used last before the hole."""
    operators = _operators(document.language)
    found = reversed(_CHAIN.findall(document.prefix[-_NEARBY_CHARACTERS:]))
    known = ((chain, sign) for chain, sign in found if sign.encode() in operators and chain not in _NAMESPACES)
    receivers = list(dict.fromkeys(chain + sign for chain, sign in known))[:_MOST_AHEAD]
    return tuple(FactKey(KIND, document.digest, receiver) for receiver in receivers)
