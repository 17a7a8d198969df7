"""The monitor ``members``: a string that has to be one of a few is one of them.

What may stand: as the argument for a parameter annotated ``Literal[...]``, beside ``==`` and
``!=`` with a name so annotated, and in the ``case`` of a ``match`` on one, the strings of the
annotation; in ``config["..."]`` the keys that the file shows the dictionary to have.  Other
expressions may always stand there.  When it says nothing: the annotation is not known or allows any
string; no literal of the dictionary is in the file, or the key may be stored (a line begins with
``config[``), here or earlier in the middle; the string has a prefix, or an escape where one is
possible.  How strong: ``ln e`` with the measured error of ``literals.argument``, for names
``literals.declared``, for keys ``literals.keys``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from analysis.facts import FactKey, FactView
from analysis.python.scanner import Mode, Scan, scan_text
from monitors.arguments import Call, Event, Form, Levels, levels_at, quiet, read
from monitors.base import Check, Continuations, Kind, Lexed, Site
from monitors.calls import QUERY as SIGNATURES
from monitors.calls import about_call
from monitors.questions import Questions
from monitors.rooms import strings_of
from monitors.strength import Strength
from monitors.words import Words, encoded

QUERY: Final = "literals"
ARGUMENT: Final = "argument"

_BEFORE_STRINGS: Final = (b"=", b" ", b"\t", b"|", b"[")
_QUOTE: Final = re.compile(rb"[\"']")
_ENDS: Final = {34: re.compile(rb"[\"\\\r\n]"), 39: re.compile(rb"['\\\r\n]")}
_ESCAPED: Final = re.compile(rb"[\x00-\x1f\\\"'\x7f-\xff]")
_COMPARED: Final = re.compile(rb"(?<![\w\x80-\xff.)\]])([^\W\d][\w.]*)[ \t]*[!=]=[ \t]*\Z")
_SUBSCRIPT: Final = re.compile(rb"(?<![\w\x80-\xff.)\]])([^\W\d][\w.]*\[)\Z")
_CHANGED: Final = rb"(?<![\w\x80-\xff.])%s(?:\[|\.(?:update|setdefault)\b|[ \t]*\|=)"
_CASE: Final = re.compile(rb"case[ \t]+(?:[\"'\w \t-]+\|[ \t]*)*\Z")
_MATCH: Final = re.compile(rb"^([ \t]*)match[ \t]+([^\W\d][\w.]*)[ \t]*:", re.MULTILINE)

LONGEST_TEST: Final = 200
"""Bytes of a line in which a comparison is looked for."""

MOST_LOOKED_BACK: Final = 20_000
"""Bytes before a ``case`` among which its ``match`` is looked for."""


@dataclass(frozen=True, slots=True)
class Quoted:
    """A string that is being written where only some may stand.

    Attributes:
        quote: Its delimiter.
        words: The strings.
        fact: Query and class of the fact.
        origin: Where the fact has them from.
        price: What another string costs.
        text: What is written of it.
        paid: Penalty so far.
    """

    quote: int
    words: Words
    fact: str
    origin: str
    price: float
    text: bytes = b""
    paid: float = 0.0


@dataclass(frozen=True, slots=True)
class Reading:
    """State of the monitor.

    Attributes:
        hole: All bytes of the middle so far.
        levels: What is open.
        keys: For each call among them the question about its callee.
        quoted: The string being written, None elsewhere.
        judged: Judgements so far.
        missing: Questions unanswered at the strings begun in the last ``step``; no part of the value.
    """

    hole: bytes = b""
    levels: Levels = ()
    keys: tuple[FactKey | None, ...] = ()
    quoted: Quoted | None = None
    judged: tuple[Check, ...] = ()
    missing: tuple[FactKey, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Argument:
    """A place at which a string is passed: the question about the callee, the call before it, the keyword or b""."""

    key: FactKey | None
    call: Call
    name: bytes


class Members:
    """Strings, checked against annotations; see the module."""

    name = "members"
    kind = Kind.HEURISTIC

    def __init__(self, site: Site, strength: Strength) -> None:
        """Watch one request; ``strength`` gives the penalties."""
        self._site = site
        self._strength = strength
        self._questions = Questions(site)
        self._typed = len(site.typed)
        self._before = site.document.prefix[-MOST_LOOKED_BACK:].encode("utf-8", "surrogatepass")

    def start(self) -> Reading:
        """Return the state at the start of the middle."""
        levels, digest = levels_at(self._site.start), self._site.document.digest
        keys = (FactKey(SIGNATURES, digest, call.callee) if call and call.callee else None for call in levels)
        return Reading(levels=levels, keys=tuple(keys))

    def step(self, state: Reading, text: Lexed, view: FactView) -> tuple[float, Reading]:
        """Charge a string with the byte that makes it another one."""
        hole = state.hole + text.data
        if state.quoted is None and quiet(state.levels, text) and _QUOTE.search(text.data) is None:
            return 0.0, Reading(hole, state.levels, state.keys, None, state.judged)
        walk = self._walk(state, text, view)
        return walk.penalty, Reading(hole, walk.levels, walk.keys, walk.quoted, walk.judged, walk.missing)

    def continuations(self, state: Reading) -> Continuations | None:
        """Return how the string may go on, its closing quote included."""
        quoted = state.quoted
        words = () if quoted is None else quoted.words.starting_with(quoted.text)
        if quoted is None or not words:
            return None
        end = bytes((quoted.quote,))
        return Continuations(tuple(word[len(quoted.text) :] + end for word in words))

    def needs(self, state: Reading, scan: Scan) -> tuple[FactKey, ...]:
        """Return the question about a name that is tested; the monitor of calls asks those about callees."""
        ahead = self._tested(state.hole, scan) if state.hole.endswith(_BEFORE_STRINGS) else None
        return () if ahead is None else (ahead,)

    def missing(self, state: Reading) -> tuple[FactKey, ...]:
        """Return the questions unanswered at the strings begun in the last ``step``."""
        return state.missing

    def checks(self, state: Reading) -> tuple[Check, ...]:
        """Return the judgements on strings finished behind the cursor so far."""
        return state.judged

    def _walk(self, state: Reading, text: Lexed, view: FactView) -> _Walk:
        """Go over ``text`` from quote to quote."""
        walk = _Walk(state.keys, state.judged)
        arguments = dict(self._arguments(walk, state, text))
        at = 0 if state.quoted is None else self._write(walk, state.quoted, state, text, 0)
        while (found := _QUOTE.search(text.data, at)) is not None:
            at = found.end()
            before = text.after[at - 2] if at > 1 else text.before
            if before.mode is not Mode.CODE or before.name or text.after[at - 1].mode is not Mode.STRING:
                continue
            argument = arguments.get(at - 1)
            if argument is None:
                key = self._tested(state.hole + text.data[: at - 1], before)
            else:
                key = argument.key
            quoted = self._begun(walk, text.data[at - 1], key, argument, view)
            if quoted is not None:
                at = self._write(walk, quoted, state, text, at)
        return walk

    def _arguments(self, walk: _Walk, state: Reading, text: Lexed) -> Iterator[tuple[int, Argument]]:
        """Yield the offsets at which an argument begins with a quote, and follow what is open."""
        steps, levels = read(state.levels, text)
        for step in steps:
            call = step.call
            if step.event is Event.OPENED:
                scan = text.after[step.at - 1] if step.at else text.before
                hole = state.hole + text.data[: step.at]
                about = self._questions.about(call.callee, hole, scan, frozenset()) if call.callee else None
                walk.put(step.depth, about_call(about))
            elif step.event is Event.BECAME and text.data[step.at] in _ENDS:
                if call.form is Form.KEYWORD or (call.form is Form.POSITIONAL and step.before.form is Form.EMPTY):
                    yield step.at, Argument(walk.keys[step.depth], step.before, call.name)
        walk.close(levels)

    def _begun(
        self, walk: _Walk, quote: int, key: FactKey | None, argument: Argument | None, view: FactView
    ) -> Quoted | None:
        """Return the string that a quote begins if only some may stand there; the fact, or its absence, is settled."""
        fact = view.get(key) if key is not None else None
        if fact is None:
            walk.missing += () if key is None else (key,)
            return None
        names = fact.names if argument is None else strings_of(fact.signatures, argument.call, argument.name)
        label = f"{QUERY}.{fact.kind if argument is None else ARGUMENT}"
        return Quoted(quote, encoded(names), label, fact.origin, self._price(label)) if names else None

    def _price(self, label: str) -> float:
        return self._strength.penalty(f"{label}.unlisted")

    def _write(self, walk: _Walk, quoted: Quoted, state: Reading, text: Lexed, at: int) -> int:
        """Go to the end of the string, or of ``text``; an escape or a line's end is judged, and gives it up."""
        found = _ENDS[quoted.quote].search(text.data, at)
        end = len(text.data) if found is None else found.start()
        written = quoted.text + text.data[at:end]
        closed = found is not None and text.data[end] == quoted.quote
        if closed:
            listed = written in quoted.words
        elif found is None:
            listed = quoted.words.fits(written)
        else:
            listed = may_escape(quoted.words, written)
        paid = quoted.paid if listed else quoted.price
        walk.penalty += paid - quoted.paid
        walk.quoted = replace(quoted, text=written, paid=paid) if found is None else None
        if (closed or (found is not None and not listed)) and len(state.hole) + end >= self._typed:
            name = written.decode("utf-8", "replace")
            walk.judged += (Check(name, quoted.origin, listed, quoted.fact, "" if listed else "unlisted"),)
        return end + 1

    def _tested(self, hole: bytes, scan: Scan) -> FactKey | None:
        """Return the question about the name that a string here would be compared with, None if there is none."""
        line = scan.line
        if scan.mode is not Mode.CODE:
            return None
        if _CASE.match(line):
            return self._about_subject(hole, scan)
        if line.endswith(b"["):
            return self._about_keys(hole, line)
        found = _COMPARED.search(line[-LONGEST_TEST:])
        return None if found is None else self._about(found[1], hole, len(hole) - len(found[0]))

    def _about_keys(self, hole: bytes, line: bytes) -> FactKey | None:
        """Return the question about the keys of what stands before a bracket, if that is a name and is read there."""
        found = _SUBSCRIPT.search(line[-LONGEST_TEST:])
        if found is None or len(found[1]) == len(line):
            return None
        start = len(hole) - len(found[1])
        is_changed = re.search(_CHANGED % re.escape(found[1][:-1]), hole[: max(0, start)]) is not None
        return None if is_changed else self._about(found[1], hole, start)

    def _about_subject(self, hole: bytes, scan: Scan) -> FactKey | None:
        """Return the question about what the ``match`` statement around a ``case`` looks at, if that is a name."""
        around = [m for m in _MATCH.finditer(self._before + hole) if len(m[1]) < len(scan.indent)]
        return self._about(around[-1][2], hole, around[-1].start(2) - len(self._before)) if around else None

    def _about(self, name: bytes, hole: bytes, start: int) -> FactKey | None:
        """Return the question about a name that begins at offset ``start`` of the middle, or before it."""
        end = max(0, start + len(name))
        about = self._questions.about(name.decode(), hole[:end], scan_text(hole[:end], self._site.start), frozenset())
        return None if about is None else replace(about, kind=QUERY)


def may_escape(words: Words, written: bytes) -> bool:
    """Whether a string that begins with ``written`` goes on with what may be written as an escape."""
    return any(_ESCAPED.match(word, len(written)) for word in words.starting_with(written))


@dataclass(slots=True)
class _Walk:
    """What changes on the way over some bytes; lives no longer than that."""

    keys: tuple[FactKey | None, ...]
    judged: tuple[Check, ...]
    levels: Levels = ()
    quoted: Quoted | None = None
    missing: tuple[FactKey, ...] = ()
    penalty: float = 0.0

    def put(self, depth: int, key: FactKey | None) -> None:
        """Note the question about the call at that depth."""
        self.keys = (*self.keys[:depth], *(None,) * (depth - len(self.keys)), key)

    def close(self, levels: Levels) -> None:
        """Keep what belongs to the calls that are open."""
        padded = (*self.keys, *(None,) * len(levels))
        self.keys = tuple(key if call is not None else None for call, key in zip(levels, padded, strict=False))
        self.levels = levels
