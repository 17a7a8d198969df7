"""What monitors share that judge names one by one, from the first byte to what follows.

A monitor says which names it judges (``begin``), what they are held against (``listed``) and what
the bytes behind a name say of it (``follow``).
"""

from __future__ import annotations

import re
from abc import abstractmethod
from dataclasses import dataclass, field, replace

from analysis.facts import Fact, FactKey, FactView
from analysis.python.lexicon import WORD
from analysis.python.scanner import Scan
from monitors.base import EVERYTHING, Check, Continuations, Kind, Lexed, Selective, Site, bits
from monitors.listed import Listed, judgement

# What behind the cursor shows that the name there is read; a plain "=" or "," or ":" does not.
LOAD_BEHIND = re.compile(rb"\s*(?:[.(\[+\-*/%@&|^<>]|[!=]=|(?:and|or|if|else|is|not)\b)")
SIGNS = bits(frozenset(range(256)) - WORD)
NAME_TAIL = re.compile(rb"[\w\x80-\xff]*\Z")


def is_read(site: Site) -> bool:
    """Whether what stands behind the cursor shows that the name there is read."""
    return LOAD_BEHIND.match(site.remainder) is not None


def start_of_name(site: Site) -> int:
    """Return where in the middle the cursor's name begins."""
    tail = NAME_TAIL.search(site.typed)
    return len(site.typed) - len(tail[0] if tail else b"")


def read_at(site: Site) -> int | None:
    """Return where in the middle the cursor's name begins if what stands behind the cursor shows that it is read."""
    return start_of_name(site) if is_read(site) else None


@dataclass(frozen=True, slots=True)
class Name:
    """A name that is being written, or that was, while what follows has yet to say what it is.

    Attributes:
        key: The question about its place.
        before: Lexical state before its first byte.
        held: It is surely one that has to exist; if not, what follows will say.
        fact: The answer, if it had come when the first byte was written.
        text: What is written of it.
        then: The first byte behind it that was no answer yet, 0 for none.
        paid: Penalty so far.
        judged: It is, but not what it ends with.
    """

    key: FactKey
    before: Scan
    held: bool = True
    fact: Fact | None = None
    text: bytes = b""
    then: int = 0
    paid: float = 0.0
    judged: bool = False


@dataclass(frozen=True, slots=True)
class Trail:
    """State of a monitor.

    Attributes:
        ahead: Bytes of the typed part to come, they are the user's; -1 from the first byte behind it on.
        name: The name being judged, None elsewhere.
        margin: What the monitor remembers of the lines' indentations (``NameMonitor.margin``).
        judged: Judgements so far.
        missing: Questions unanswered at the names begun in the last ``step``; no part of the value.
    """

    ahead: int
    name: Name | None = None
    margin: bytes | None = None
    judged: tuple[Check, ...] = ()
    missing: tuple[FactKey, ...] = field(default=(), compare=False)


class NameMonitor(Selective):
    """For inheriting; a ``monitors.base.Monitor``."""

    kind = Kind.HEURISTIC

    def __init__(self, site: Site) -> None:
        """Watch one request."""
        self._typed = len(site.typed)
        self._lists: dict[tuple[Scan, FactKey], tuple[Fact | None, Listed | None]] = {}

    @abstractmethod
    def begin(self, before: Scan, at: int, margin: bytes | None) -> Name | None:
        """Return the name to judge that begins here, or None if it is not to be judged.

        Args:
            before: Lexical state before its first byte.
            at: Where it begins in the middle; behind the typed part any offset behind it.
            margin: ``margin`` with the name's line.
        """

    def expect(self, scan: Scan) -> Name | None:
        """Return the name, nothing of it written, that surely comes next but for blanks and brackets, if one does.

        Args:
            scan: Lexical state at a byte that is no part of a name.
        """
        return None

    @abstractmethod
    def listed(self, name: Name) -> Listed | None:
        """Return what the name is held against; None if anything may stand there."""

    @abstractmethod
    def ahead(self, scan: Scan, margin: bytes | None) -> tuple[FactKey, ...]:
        """Return the questions that a name begun here, or soon, would raise; ``margin`` is ``Trail.margin``."""

    def watches(self, text: Lexed) -> bool:
        """Whether a name to judge may begin in ``text``; False only where surely none does."""
        return True

    def margin(self, margin: bytes | None, indent: bytes) -> bytes | None:
        """Return what is remembered of indentations behind a line that has a name, None for nothing.

        Args:
            margin: What was remembered before.
            indent: The line's indentation.
        """
        return None

    def follow(self, name: Name, byte: int, scan: Scan) -> Name | bool:
        """Say what ``byte`` behind a name means.

        Args:
            name: The name.
            byte: The byte.
            scan: Lexical state after it.

        Returns:
            Whether the name has to exist; or the name again, if that is not clear yet.
        """
        return True

    def behind(self, name: Name, byte: int, scan: Scan, is_suffix: bool) -> float | None:
        """Return what it costs besides that a judged name ends like this, nats, 0 or less; None if it is not clear yet.

        Args:
            name: The name.
            byte: A byte behind it.
            scan: Lexical state after it.
            is_suffix: It is the suffix's.
        """
        return 0.0

    def known(self, name: Name) -> Listed | None:
        """Return ``listed``, looked up once for each place and fact."""
        place = (name.before, name.key)
        found = self._lists.get(place)
        if found is None or found[0] is not name.fact:
            found = self._lists[place] = name.fact, self.listed(name)
        return found[1]

    def least(self, name: Name, written: bytes) -> float:
        """Return the least that a held name beginning with ``written`` can cost in the end."""
        listed = self.known(name)
        return 0.0 if listed is None else listed.least(written)

    def start(self) -> Trail:
        """Return the state at the start of the middle."""
        return Trail(self._typed)

    def step(self, state: Trail, text: Lexed, view: FactView) -> tuple[float, Trail]:
        """Charge each name with the byte that makes it one that the list lacks."""
        ahead = max(-1, state.ahead - len(text.data))
        if state.name is None and not self.watches(text):
            same = ahead == state.ahead and not state.missing
            return 0.0, state if same else Trail(ahead, None, state.margin, state.judged)
        walk = self._walk(state, text, view)
        return walk.penalty, Trail(ahead, walk.name, walk.margin, walk.judged, walk.missing)

    def hears(self, state: Trail, scan: Scan) -> int:
        """Return what is part of no word, inside a word that is not judged; elsewhere everything."""
        is_judged = state.name is not None or state.missing or state.ahead >= 0
        return EVERYTHING if is_judged or not scan.name else SIGNS

    def continuations(self, state: Trail) -> Continuations | None:
        """Return how a name that is held against a list may go on."""
        name = state.name
        listed = self.known(name) if name is not None and name.held else None
        return None if name is None or listed is None else listed.continuations(name.text)

    def needs(self, state: Trail, scan: Scan) -> tuple[FactKey, ...]:
        """Return the questions that the next name may raise."""
        return self.ahead(scan, state.margin)

    def missing(self, state: Trail) -> tuple[FactKey, ...]:
        """Return the questions unanswered at the names begun in the last ``step``."""
        return state.missing

    def checks(self, state: Trail) -> tuple[Check, ...]:
        """Return the judgements on all names finished behind the cursor so far."""
        return state.judged

    def _walk(self, state: Trail, text: Lexed, view: FactView) -> _Walk:
        """Go over ``text``, over each name in one leap; names that begin in the suffix are the user's."""
        walk = _Walk(state.name, state.margin, state.judged)
        at, before = 0, text.before
        while at < len(text.data):
            if text.after[at].name and not before.name:
                self._follow(walk, text, at, at > state.ahead)
                if text.is_suffix:
                    break
                self._begin(walk, before, text.after[at].indent, self._typed - state.ahead + at, view)
            if text.after[at].name:
                while at + 1 < len(text.data) and text.after[at + 1].name:
                    at += 1
                self._write(walk, text.after[at].name)
            else:
                self._follow(walk, text, at, at > state.ahead)
                self._expect(walk, text.after[at], view)
            before = text.after[at]
            at += 1
        return walk

    def _expect(self, walk: _Walk, scan: Scan, view: FactView) -> None:
        """Look out for a name, so that what may stand there is known before its first byte."""
        name = self.expect(scan) if walk.name is None else None
        if name is not None:
            walk.name = Name(name.key, name.before, name.held, view.get(name.key), then=name.then)

    def _begin(self, walk: _Walk, before: Scan, indent: bytes, at: int, view: FactView) -> None:
        """Open a name, with its fact if that is there already."""
        walk.margin = self.margin(walk.margin, indent)
        walk.name = name = self.begin(before, at, walk.margin)
        if name is not None:
            fact = view.get(name.key)
            walk.name = Name(name.key, name.before, name.held, fact)
            if fact is None and name.key not in walk.missing:
                walk.missing = (*walk.missing, name.key)

    def _write(self, walk: _Walk, written: bytes) -> None:
        """Go on to the end of a name's bytes."""
        name = walk.name
        if name is None:
            return
        paid = self.least(name, written) if name.held else 0.0
        walk.penalty += paid - name.paid
        walk.name = Name(name.key, name.before, name.held, name.fact, written, 0, paid)

    def _follow(self, walk: _Walk, text: Lexed, at: int, is_ours: bool) -> None:
        """Take a byte behind a name; the name is judged when it is clear what it is, unless the user ended it."""
        name, walk.name = walk.name, None
        if name is None:
            return
        if not name.text:
            if name.fact is None:  # it would have told what may come instead of this
                walk.missing = (*walk.missing, name.key)
            return
        if not name.judged:
            verdict = self.follow(name, text.data[at], text.after[at])
            if isinstance(verdict, Name):
                walk.name = verdict
                return
            if not verdict or not is_ours:
                return
            listed = self.known(name)
            walk.judged = (*walk.judged, judgement(name.key.kind, name.text, name.fact, listed))
            walk.penalty += -name.paid if listed is None else listed.due(name.text, name.paid)
        charge = self.behind(name, text.data[at], text.after[at], text.is_suffix)
        if charge is None:
            walk.name = replace(name, judged=True)
        else:
            walk.penalty += charge


@dataclass(slots=True)
class _Walk:
    """What changes on the way over some bytes; lives no longer than that."""

    name: Name | None
    margin: bytes | None
    judged: tuple[Check, ...]
    missing: tuple[FactKey, ...] = ()
    penalty: float = 0.0
