"""The monitor ``dereference``: attributes that are read must exist.

What may stand: behind ``receiver.`` the names that the analysis lists for the receiver, and those
that the middle itself has assigned to it.  When it says nothing: the fact is not there, could not
be found out, or the name may be about to be assigned (a store may always be new).  How strong:
a name that the fact lacks costs ``ln e``, where e is the measured rate at which facts of that
class lack the true name (``monitors/strength.json``; ``python -m bench.truth_forbid``).  *Hidden*
names, which everything has and hardly anybody means, cost the logarithm of how often they are
meant: without that, a model with no idea begins with an underscore, which is always legal, and
cannot go on.  The idea is that of monitor-guided decoding (Agrawal et al. 2023), with finite
penalties, paid byte by byte.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import lru_cache

from analysis.facts import UNRESOLVED, Fact, FactKey, FactView
from analysis.lexicon import WORD as WORD_BYTES
from analysis.scanner import Scan
from monitors.base import Check, Continuations, Kind, Lexed, Site
from monitors.questions import KIND, Questions, Stored
from monitors.strength import Strength
from monitors.words import Words, encoded, known_names

DOT = ord(".")

# Bytes behind a name that show it is read even where it could have been assigned.
OPENERS = frozenset(b".([")

# What behind the cursor shows that the name there is read; a plain "=" or "," or ":" does not.
LOAD_BEHIND = re.compile(rb"\s*(?:[.(\[+\-*/%@&|^<>]|[!=]=|(?:and|or|if|else|is|not)\b)")
NAME_TAIL = re.compile(rb"[\w\x80-\xff]*\Z")


@dataclass(frozen=True, slots=True)
class Name:
    """An attribute name that is being written.

    Attributes:
        receiver: Source of what it belongs to.
        held: Whether it is surely read, so that it has to exist.
        key: The question about the receiver; None if the name is not held, or there is no sensible one.
        text: What is written of it.
        fact: The answer, if it had come when the name's first byte was written.
        legal: What may stand here by that answer; None if anything may.
        unseen: Penalty of a name that is not legal and stands nowhere else in the document, nats.
        seen: Penalty of one that is not legal but does.
        plain: What is legal and not hidden.
        hidden: Penalty of a legal name that is hidden.
        paid: Penalty so far.
    """

    receiver: str
    held: bool
    key: FactKey | None
    text: bytes = b""
    fact: Fact | None = None
    legal: Words | None = None
    unseen: float = 0.0
    seen: float = 0.0
    plain: Words = Words()
    hidden: float = 0.0
    paid: float = 0.0


@dataclass(frozen=True, slots=True)
class Trail:
    """State of the monitor.

    Attributes:
        hole: All bytes of the middle so far.
        name: The name being written, None elsewhere.
        ahead: The question that a dot typed next would raise.
        stored: (receiver, name) of what the middle may have assigned.
        judged: Judgements so far.
        missing: Questions unanswered at the names begun in the last ``advance``; no part of the value.
    """

    hole: bytes = b""
    name: Name | None = None
    ahead: FactKey | None = None
    stored: Stored = frozenset()
    judged: tuple[Check, ...] = ()
    missing: tuple[FactKey, ...] = field(default=(), compare=False)


class Dereference:
    """Attribute loads, checked against facts; see the module."""

    name = "dereference"
    kind = Kind.HEURISTIC

    def __init__(self, site: Site, strength: Strength) -> None:
        """Watch one request; ``strength`` gives the penalties."""
        self._questions = Questions(site)
        self._strength = strength
        self._known = known_names(site.document.prefix, site.document.suffix)
        self._read_behind = LOAD_BEHIND.match(site.remainder) is not None
        self._typed = len(site.typed)
        tail = NAME_TAIL.search(site.typed)
        self._cursor_name = self._typed - len(tail[0] if tail else b"")

    def start(self) -> Trail:
        """Return the state at the start of the middle."""
        return Trail()

    def advance(self, state: Trail, text: Lexed, view: FactView) -> Trail:
        """Return the state after ``text``."""
        walk = self._walk(state, text, view)
        hole = state.hole + text.data
        ahead = self._questions.ahead(hole, text.after[-1], walk.stored)
        return Trail(hole, walk.name, ahead, walk.stored, walk.judged, walk.missing)

    def score(self, state: Trail, text: Lexed, view: FactView) -> float:
        """Return the penalty of ``text``."""
        if state.name is None and DOT not in text.data:
            return 0.0
        return self._walk(state, text, view).penalty

    def continuations(self, state: Trail) -> Continuations | None:
        """Return how the name may go on, b"" among it if it may end here; hidden names only where none else fit."""
        name = state.name
        if name is None or name.legal is None:
            return None
        words = name.plain.starting_with(name.text) or name.legal.starting_with(name.text)
        rest = tuple(word[len(name.text) :] for word in words)
        return Continuations(rest, WORD_BYTES) if rest else None

    def needs(self, state: Trail) -> tuple[FactKey, ...]:
        """Return the question of the name being begun, and the one that a dot would raise here."""
        begun = state.name.key if state.name is not None and state.name.fact is None else None
        return tuple(key for key in (begun, state.ahead) if key is not None)

    def missing(self, state: Trail) -> tuple[FactKey, ...]:
        """Return the questions unanswered at the names begun in the last ``advance``."""
        return state.missing

    def checks(self, state: Trail) -> tuple[Check, ...]:
        """Return the judgements on all names finished behind the cursor so far."""
        return state.judged

    def _walk(self, state: Trail, text: Lexed, view: FactView) -> _Walk:
        """Go over ``text``: from dot to dot, and over each name in one leap."""
        walk = _Walk(state.name, state.stored, state.judged)
        at = 0
        while at < len(text.data):
            if walk.name is None:
                at = text.data.find(DOT, at)
                if at < 0:
                    break
            elif text.after[at].name:
                at = self._write(walk, walk.name, text, at, view)
                continue
            elif text.data[at] != DOT and text.after[at].receiver == walk.name.receiver and not walk.name.text:
                at += 1
                continue
            else:
                self._end(walk, walk.name, text.data[at], len(state.hole) + at)
            if text.data[at] == DOT:
                self._begin(walk, state.hole + text.data[: at + 1], text.after[at], view)
            at += 1
        return walk

    def _begin(self, walk: _Walk, hole: bytes, scan: Scan, view: FactView) -> None:
        """Open a name behind a dot, with its fact if that is there already."""
        receiver = scan.receiver
        if receiver is None or scan.name:
            return
        at_cursor = len(hole) == self._cursor_name and self._read_behind
        if scan.target and not at_cursor:
            walk.name = Name(receiver, False, None)
        else:
            key = self._questions.about(receiver, hole, scan, walk.stored)
            walk.name = self._latched(Name(receiver, True, key), walk.stored, view)

    def _write(self, walk: _Walk, name: Name, text: Lexed, at: int, view: FactView) -> int:
        """Go to the end of the name, or of ``text``; with its first byte the fact or its absence is settled."""
        if not name.text and name.fact is None:
            name = self._latched(name, walk.stored, view)
            if name.fact is None and name.key is not None:
                walk.missing = (*walk.missing, name.key)
        while at < len(text.data) and text.after[at].name:
            written = text.after[at].name
            at += 1
        paid = self._least(name, written)
        walk.penalty += paid - name.paid
        walk.name = replace(name, text=written, paid=paid)
        return at

    def _end(self, walk: _Walk, name: Name, byte: int, at: int) -> None:
        """Judge a finished name that ``byte`` follows at offset ``at`` of the middle."""
        walk.name = None
        if not name.text:
            return
        if not name.held:
            if byte not in OPENERS:
                walk.stored |= {(name.receiver, name.text)}
            return
        listed = name.legal is not None and name.text in name.legal
        if at > self._typed:
            origin = name.fact.origin if name.fact is not None and name.legal is not None else ""
            walk.judged = (*walk.judged, Check(name.text.decode("utf-8", "replace"), origin, listed))
        walk.penalty += self._price(name, listed) - name.paid

    def _price(self, name: Name, listed: bool) -> float:
        """Return what a finished name costs in all."""
        if name.legal is None or name.text in name.plain:
            return 0.0
        if listed:
            return name.hidden
        return name.seen if name.text in self._known else name.unseen

    def _least(self, name: Name, written: bytes) -> float:
        """Return the least that a name beginning like this can cost in the end."""
        if name.legal is None or name.plain.fits(written):
            return 0.0
        least = name.hidden if name.legal.fits(written) else name.unseen
        return max(least, name.unseen, name.seen if self._known.fits(written) else name.unseen)

    def _latched(self, name: Name, stored: Stored, view: FactView) -> Name:
        """Return the name with its fact, if that is in the view."""
        fact = view.get(name.key) if name.key is not None else None
        if fact is None:
            return name
        if fact.kind == UNRESOLVED or not fact.names:
            return Name(name.receiver, True, name.key, fact=fact)
        legal, plain = encoded(fact.names), encoded(open_names(fact))
        if mine := [text for receiver, text in stored if receiver == name.receiver]:
            legal, plain = Words.of((*legal.ordered, *mine)), Words.of((*plain.ordered, *mine))
        unseen, seen, hidden = (
            self._strength.penalty(f"{KIND}.{fact.kind}.{how}") for how in ("unseen", "seen", "hidden")
        )
        return Name(name.receiver, True, name.key, b"", fact, legal, unseen, seen, plain, hidden)


def is_hidden(name: str, kind: str) -> bool:
    """Whether a name is of those that are hardly ever meant.

    Args:
        name: An attribute.
        kind: Class of the fact that lists it: a method's own object hides only names like ``__this__``.
    """
    return name.startswith("__") and name.endswith("__") if kind == "self" else name.startswith("_")


@lru_cache(maxsize=256)
def open_names(fact: Fact) -> frozenset[str]:
    """Return the names of a fact that are not hidden; facts are shared, so this is done once for each."""
    return frozenset(name for name in fact.names if not is_hidden(name, fact.kind))


@dataclass(slots=True)
class _Walk:
    """What changes on the way over some bytes; lives no longer than that."""

    name: Name | None
    stored: Stored
    judged: tuple[Check, ...]
    missing: tuple[FactKey, ...] = ()
    penalty: float = 0.0
