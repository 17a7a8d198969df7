"""The monitor ``dereference``: attributes that are read must exist.

What may stand: behind ``receiver.`` the names that the analysis lists for the receiver, and those
that the middle itself has assigned to it.  When it says nothing: the fact is not there, could not
be found out, or the name is assigned (a store may always be new, but in a module hardly ever is).
Where only what follows tells a load from a store, the name is charged with that byte.  How strong:
a name that the fact lacks costs ``ln e``, where e is the measured rate at which facts of that
class lack the true name (``monitors/strength.json``; ``python -m bench.truth_forbid``).  *Hidden*
names, which everything has and hardly anybody means, cost the logarithm of how often they are
meant: without that, a model with no idea begins with an underscore, which is always legal, and
cannot go on.  At the cursor, listed names that are used elsewhere as this one is going to be come
first (``monitors.likeness``).  The idea is that of monitor-guided decoding (Agrawal et al. 2023), with finite
penalties, paid byte by byte.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from analysis.facts import UNRESOLVED, Fact, FactKey, FactView
from analysis.python.scanner import Scan
from monitors.base import Check, Continuations, Kind, Lexed, Site
from monitors.likeness import NOTHING_KNOWN, likeness_at
from monitors.listed import Listed, judgement
from monitors.naming import is_read, start_of_name
from monitors.questions import KIND, Questions, Stored
from monitors.ranks import all_alike, ranked
from monitors.strength import Strength
from monitors.words import Words, known_names

DOT = ord(".")

# Kinds of facts: about a module; about a method's own object, and the same at the start of a statement, where
# attributes come to be.
MODULE = "module"
SELF = "self"
START = "start"

# Bytes behind a name that show it is read even where it could have been assigned.
OPENERS = frozenset(b".([")


@dataclass(frozen=True, slots=True)
class Name:
    """An attribute name that is being written.

    Attributes:
        receiver: Source of what it belongs to.
        held: Whether it has to exist; if not, what follows will say.
        is_at_cursor: Whether the rest of the cursor's line follows it.
        key: The question about the receiver; None if there is no sensible one.
        text: What is written of it.
        fact: The answer, if it had come when the name's first byte was written.
        listed: What may stand here by that answer; None if anything may.
        paid: Penalty so far.
    """

    receiver: str
    held: bool
    is_at_cursor: bool
    key: FactKey | None
    text: bytes = b""
    fact: Fact | None = None
    listed: Listed | None = None
    paid: float = 0.0


@dataclass(frozen=True, slots=True)
class Trail:
    """State of the monitor.

    Attributes:
        hole: All bytes of the middle so far.
        name: The name being written, None elsewhere.
        stored: (receiver, name) of what the middle may have assigned.
        judged: Judgements so far.
        missing: Questions unanswered at the names begun in the last ``step``; no part of the value.
    """

    hole: bytes = b""
    name: Name | None = None
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
        self._options = site.options
        self._typed = len(site.typed)
        self._start, self._is_read = start_of_name(site), is_read(site)
        self._likeness = likeness_at(site, strength)

    def start(self) -> Trail:
        """Return the state at the start of the middle."""
        return Trail()

    def step(self, state: Trail, text: Lexed, view: FactView) -> tuple[float, Trail]:
        """Charge each name with the byte that makes it one that the list lacks."""
        hole = state.hole + text.data
        if state.name is None and DOT not in text.data:
            return 0.0, Trail(hole, None, state.stored, state.judged)
        walk = self._walk(state, text, view)
        return walk.penalty, Trail(hole, walk.name, walk.stored, walk.judged, walk.missing)

    def continuations(self, state: Trail) -> Continuations | None:
        """Return how the name may go on, where it is held against a list."""
        name = state.name
        if name is None or not name.held or name.listed is None:
            return None
        return name.listed.continuations(name.text)

    def needs(self, state: Trail, scan: Scan) -> tuple[FactKey, ...]:
        """Return the question of the name being begun, and the one that a dot would raise here."""
        begun = state.name.key if state.name is not None and state.name.fact is None else None
        ahead = self._questions.ahead(state.hole, scan, state.stored)
        return tuple(key for key in (begun, ahead) if key is not None)

    def missing(self, state: Trail) -> tuple[FactKey, ...]:
        """Return the questions unanswered at the names begun in the last ``step``."""
        return state.missing

    def checks(self, state: Trail) -> tuple[Check, ...]:
        """Return the judgements on all names finished behind the cursor so far."""
        return state.judged

    def _walk(self, state: Trail, text: Lexed, view: FactView) -> _Walk:
        """Go over ``text``: from dot to dot, and over each name in one leap; dots of the suffix are the user's."""
        walk = _Walk(state.name, state.stored, state.judged)
        at = 0
        while at < len(text.data):
            if walk.name is None:
                at = text.data.find(DOT, at)
                if at < 0 or text.is_suffix:
                    break
            elif text.after[at].name:
                at = self._write(walk, walk.name, text, at, view)
                continue
            elif text.data[at] != DOT and text.after[at].receiver == walk.name.receiver and not walk.name.text:
                at += 1
                continue
            else:
                self._end(walk, walk.name, text, at, len(state.hole) + at > self._typed)
            if text.data[at] == DOT and not text.is_suffix:
                self._begin(walk, state.hole + text.data[: at + 1], text.after[at], view)
            at += 1
        return walk

    def _begin(self, walk: _Walk, hole: bytes, scan: Scan, view: FactView) -> None:
        """Open a name behind a dot, with its fact if that is there already."""
        receiver = scan.receiver
        if receiver is None or scan.name:
            return
        is_at_cursor = len(hole) == self._start
        held = not scan.target or (is_at_cursor and self._is_read)
        key = self._questions.about(receiver, hole, scan, walk.stored)
        walk.name = self._latched(Name(receiver, held, is_at_cursor, key), walk.stored, view)

    def _write(self, walk: _Walk, name: Name, text: Lexed, at: int, view: FactView) -> int:
        """Go to the end of the name, or of ``text``; with its first byte the fact or its absence is settled."""
        if not name.text and name.fact is None:
            name = self._latched(name, walk.stored, view)
            if name.fact is None and name.key is not None:
                walk.missing = (*walk.missing, name.key)
        while at < len(text.data) and text.after[at].name:
            written = text.after[at].name
            at += 1
        paid = name.listed.least(written) if name.held and name.listed is not None else 0.0
        walk.penalty += paid - name.paid
        walk.name = replace(name, text=written, paid=paid)
        return at

    def _end(self, walk: _Walk, name: Name, text: Lexed, at: int, is_ours: bool) -> None:
        """Judge a finished name that the byte at ``at`` follows; the user's own is not in the certificate."""
        walk.name = None
        if not name.text:
            return
        if not name.held and text.data[at] not in OPENERS:
            walk.stored |= {(name.receiver, name.text)}
            return
        if is_ours:
            walk.judged = (*walk.judged, judgement(KIND, name.text, name.fact, name.listed))
        if name.listed is not None:
            walk.penalty += name.listed.due(name.text, name.paid)

    def _latched(self, name: Name, stored: Stored, view: FactView) -> Name:
        """Return the name with its fact, if that is in the view."""
        fact = view.get(name.key) if name.key is not None else None
        if fact is None:
            return name
        if fact.kind == UNRESOLVED or not fact.names:
            return replace(name, fact=fact)
        label = f"{KIND}.{fact.kind if name.held or fact.kind != SELF else START}"
        prices = self._strength.prices(label)
        likeness = self._likeness if name.is_at_cursor else NOTHING_KNOWN
        found = ranked(fact, self._options.banned_of(name.receiver), prices.hidden, likeness)
        mine = Words.of(text for receiver, text in stored if receiver == name.receiver)
        ranks = (*all_alike(mine), *found.ranks) if mine.ordered else found.ranks
        listed = Listed(label, fact.origin, ranks, prices.beside(found.others), self._known)
        return replace(name, fact=fact, listed=listed, held=name.held or fact.kind == MODULE)


@dataclass(slots=True)
class _Walk:
    """What changes on the way over some bytes; lives no longer than that."""

    name: Name | None
    stored: Stored
    judged: tuple[Check, ...]
    missing: tuple[FactKey, ...] = ()
    penalty: float = 0.0
