"""The monitor ``calls`` of languages with a language server: a call passes as many arguments as its callee takes.

What may stand: as many arguments as some signature has parameters for; the closing bracket when all that
some signature requires is passed.  When it says nothing: the fact is not there or is empty; the arguments cannot be
counted (``...`` unpacks some, a comma may separate types, conditions of the preprocessor go through the call); it is
called like a macro; and, in Go, of one argument that is a call, which may return several.  How strong:
``ln e`` with the measured error of the language's signatures, in the rows ``arity.LANGUAGE.extra`` and
``arity.LANGUAGE.missing`` (``python -m bench.truth_forbid_servers``).

An argument too many is charged with the comma before it, unless that ends one of the call's lines: there it may be
the last thing in the call.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from analysis.facts import Fact, FactKey, FactView
from analysis.source.scanner import SourceScan
from monitors.arguments import Call
from monitors.base import Check, Continuations, Kind, Lexed, Site
from monitors.calls import is_called
from monitors.rooms import arity_row
from monitors.source_arguments import CallReader, Calls, Event, SourceCall, Step, calls_before, ends_argument
from monitors.strength import Strength
from monitors.terms import bytes_but

KIND: Final = "signatures"

EXTRA: Final = "extra"
MISSING: Final = "missing"

_NAME: Final = re.compile(r"[\w$#]")
_LAST_NAME: Final = re.compile(r"[\w$#]+\Z")

# Macros are called like functions, and servers answer for what they expand to.
_HAS_MACROS: Final = frozenset(("c", "cpp"))
_MACRO: Final = re.compile(r"[A-Z_][A-Z0-9_]+\Z")


class Known(NamedTuple):
    """What is known of a call's callee.

    Attributes:
        key: The question about it.
        fact: The answer, if it had come.
        paid: It got an argument too many, which was charged.
    """

    key: FactKey | None
    fact: Fact | None = None
    paid: bool = False

    def row(self, call: SourceCall, passed: int) -> str:
        """Return the row that a call of ``passed`` arguments is charged by; "" for none, or if nobody knows."""
        if call.unsure or self.fact is None or not self.fact.signatures:
            return ""
        return arity_row(self.fact.signatures, Call("", 0, 0, positional=passed))

    def is_full(self, call: SourceCall) -> bool:
        """Whether one more argument than ``call.finished`` is too many, and nothing was charged for that yet."""
        return not self.paid and self.row(call, call.finished + 1) == EXTRA


@dataclass(frozen=True, slots=True)
class Calling:
    """State of the monitor.

    Attributes:
        hole: All bytes of the middle so far.
        calls: The calls that are open.
        known: What is known of each.
        refused: Bytes that would be charged next.
        judged: Judgements so far.
        missing: Questions unanswered at the arguments begun in the last ``step``; no part of the value.
    """

    hole: bytes = b""
    calls: Calls = ()
    known: tuple[Known, ...] = ()
    refused: frozenset[int] = frozenset()
    judged: tuple[Check, ...] = ()
    missing: tuple[FactKey, ...] = field(default=(), compare=False)


class SourceCalls:
    """Numbers of arguments, checked against facts; see the module."""

    name = "calls"
    kind = Kind.HEURISTIC

    def __init__(self, site: Site[SourceScan], strength: Strength) -> None:
        """Watch one request; ``strength`` gives the penalties."""
        self._document = site.document
        self._site = site
        self._strength = strength
        self._typed = len(site.typed)
        self._language = site.language.id

    def start(self) -> Calling:
        """Return the state at the start of the middle."""
        calls = calls_before(self._site)
        return Calling(calls=calls, known=tuple(Known(self._key("", call.callee)) for call in calls))

    def step(self, state: Calling, text: Lexed[SourceScan], view: FactView) -> tuple[float, Calling]:
        """Charge an argument too many, and a call that ends too early."""
        hole = state.hole + text.data
        walk = _Walk(hole, len(text.data), list(state.known), state.judged)
        reader = CallReader(state.calls, text, self._site.language)
        for step in reader.steps():
            if step.event is Event.OPENED:
                walk.known[step.level :] = [Known(self._question(walk, step))]
            else:
                self._take(walk, step, text, view)
        known = tuple(walk.known[: len(reader.calls)])
        refused = self._refused(reader.calls, known, text.after[-1], view)
        return walk.penalty, Calling(hole, reader.calls, known, refused, walk.judged, walk.missing)

    def continuations(self, state: Calling) -> Continuations | None:
        """Return what may follow an argument behind which not all may."""
        return bytes_but(state.refused) if state.refused else None

    def needs(self, state: Calling, scan: SourceScan) -> tuple[FactKey, ...]:
        """Return the question about the innermost call, and the one that a bracket would raise here."""
        inner = state.known[-1] if state.known else None
        key = inner.key if inner is not None and inner.fact is None else None
        return tuple(each for each in (key, self._ahead(state.hole, scan)) if each is not None)

    def missing(self, state: Calling) -> tuple[FactKey, ...]:
        """Return the questions unanswered at the arguments begun in the last ``step``."""
        return state.missing

    def checks(self, state: Calling) -> tuple[Check, ...]:
        """Return the judgements on calls finished behind the cursor so far."""
        return state.judged

    def _take(self, walk: _Walk, step: Step, text: Lexed[SourceScan], view: FactView) -> None:
        """Charge and judge what has become of a call."""
        known, call = walk.known[step.level], step.call
        if known.fact is None and known.key is not None:
            fact = view.get(known.key)
            if fact is None and (step.event is Event.BEGUN or call.passed == 0):
                walk.missing = (*walk.missing, known.key)
            known = known._replace(fact=fact)
        if step.event is Event.CLOSED:
            before = text.after[step.at - 1] if step.at else text.before
            self._close(walk, step, known, before.line)
        elif (step.event is Event.BEGUN or not call.broken) and known.is_full(call):
            walk.penalty += self._price(known, EXTRA)
            known = known._replace(paid=True)
        walk.known[step.level] = known

    def _close(self, walk: _Walk, step: Step, known: Known, line: bytes) -> None:
        """Charge a call that ends too early, and judge it."""
        call = step.call
        if call.unsure or known.fact is None or not known.fact.signatures:
            return
        row = known.row(call, call.passed)
        if row == MISSING and self._may_be_several(call, line):
            return
        if row == MISSING:
            walk.penalty += self._price(known, MISSING)
        if walk.offset + step.at >= self._typed:
            check = Check(f"{call.callee}()", known.fact.origin, not row, f"arity.{known.fact.kind}", row)
            walk.judged = (*walk.judged, check)

    def _refused(self, calls: Calls, known: tuple[Known, ...], scan: SourceScan, view: FactView) -> frozenset[int]:
        """Return which bytes would be charged behind an argument."""
        if not ends_argument(calls, scan):
            return frozenset()
        call, inner = calls[-1], known[-1]
        if inner.fact is None and inner.key is not None:
            inner = inner._replace(fact=view.get(inner.key))
        after_comma = call.next_argument()
        full = not call.broken and inner.is_full(after_comma)
        short = inner.row(call, call.passed) == MISSING and not self._may_be_several(call, scan.line)
        return frozenset((*(b"," if full else b""), *(b")" if short else b"")))

    def _may_be_several(self, call: SourceCall, line: bytes) -> bool:
        """Whether the only argument is a call, which may return all that is wanted."""
        return self._language == "go" and call.passed == 1 and line.rstrip().endswith(b")")

    def _price(self, known: Known, row: str) -> float:
        assert known.fact is not None
        return self._strength.penalty(f"arity.{known.fact.kind}.{row}")

    def _question(self, walk: _Walk, step: Step) -> FactKey | None:
        """Return the question about the callee of a call that is opened."""
        before = walk.hole[: walk.offset + step.at].rstrip()
        callee = step.call.callee
        if not before.endswith(callee.encode("utf-8", "replace")):
            return None
        return self._key(before.decode("utf-8", "replace").removesuffix(callee), callee)

    def _key(self, middle: str, callee: str) -> FactKey | None:
        """Return the question about a callee that ``middle`` stands before; None if there is no sensible one."""
        name = _LAST_NAME.search(callee)
        if not middle.strip() and not _NAME.match(callee):
            return None
        if name is None or (self._language in _HAS_MACROS and _MACRO.match(name[0])):
            return None
        return FactKey(KIND, self._document.digest, callee, middle if middle.strip() else "")

    def _ahead(self, hole: bytes, scan: SourceScan) -> FactKey | None:
        """Return the question about a callee that is written to its end; only of names that are called somewhere."""
        name = scan.name.decode("utf-8", "replace")
        if not name or not is_called(name, self._document.prefix, self._document.suffix):
            return None
        callee = scan.chain
        if not callee or not hole.endswith(callee.encode("utf-8", "replace")):
            return None
        return self._key(hole.decode("utf-8", "replace").removesuffix(callee), callee)


@dataclass(slots=True)
class _Walk:
    """What changes on the way over some bytes; lives no longer than that."""

    hole: bytes
    size: int
    known: list[Known]
    judged: tuple[Check, ...]
    missing: tuple[FactKey, ...] = ()
    penalty: float = 0.0

    @property
    def offset(self) -> int:
        """Where the bytes begin in the middle."""
        return len(self.hole) - self.size
