"""The arguments of open calls in languages with a ``Lexis``: how many there are so far.

As ``monitors.arguments``, of which only counting is left: nothing is passed by name here.  All values are
immutable, and the same however the text was cut.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from analysis.languages import Language
from analysis.python.scanner import Mode
from analysis.source.chain import primary_before
from analysis.source.scanner import SourceScan, start_of
from analysis.source.state import DIRECTIVE, Rules, rules_of
from monitors.base import Lexed, Site

_COMMA: Final = ord(",")
_BLANKS: Final = frozenset(b" \t\f\v")
_LINE_ENDS: Final = frozenset(b"\r\n")
_UNPACKED: Final = b"..."

_TANGLING: Final[Mapping[str, frozenset[int]]] = {
    "cpp": frozenset(b"<"),
    "java": frozenset(b"<"),
    "rust": frozenset(b"<|"),
    "typescript": frozenset(b"<"),
    "typescriptreact": frozenset(b"<"),
}
"""Bytes behind which a comma may separate types, or what a closure takes: only a parser could tell."""

_NO_CALLEES: Final = frozenset(
    "alignof async await case catch const decltype defer do else fn func function go import in instanceof let match"
    " move mut new noexcept of range ref return select sizeof switch throw type typeof unsafe var where yield".split()
)
_DEFINED: Final = re.compile(rb"\b(?:function\b\s*\*?|func|fn)\s*[\w$#\x80-\xff]*\s*\Z")
_MEMBER: Final = re.compile(rb"(?:\?\.|->|::|\.)\s*[\w$#\x80-\xff]+\Z")

_LONGEST_LINE: Final = 10_000
"""Bytes of a logical line that are read for the calls that it has opened."""


class SourceCall(NamedTuple):
    """A call that is open.

    Attributes:
        depth: What is open outside of its bracket, a number.
        callee: Source of what is called; it begins with a member operator where what stands before cannot be told.
        finished: Arguments that a comma has ended.
        begun: Something of the next one is there.
        broken: It goes over a line end.
        tangled: The next comma may belong to the argument.
        unsure: Its arguments cannot be counted.
    """

    depth: int
    callee: str
    finished: int = 0
    begun: bool = False
    broken: bool = False
    tangled: bool = False
    unsure: bool = False

    @property
    def passed(self) -> int:
        """How many arguments it has, the last one included."""
        return self.finished + self.begun

    def next_argument(self) -> SourceCall:
        """Return the call behind a comma."""
        unsure = self.unsure or self.tangled or not self.begun
        return self._replace(finished=self.finished + 1, begun=False, tangled=False, unsure=unsure)


Calls = tuple[SourceCall, ...]
"""The calls that are open, outermost first."""


class Event(enum.Enum):
    """What happened to a call."""

    OPENED = "its bracket was written"
    BEGUN = "the first byte of an argument is there"
    COMMA = "a comma ended an argument"
    CLOSED = "the closing bracket is there"


class Step(NamedTuple):
    """One event.

    Attributes:
        event: What happened.
        call: The call after it; one that was closed as it is in the end.
        at: Index of the byte in the text.
        level: Index of the call in ``Calls``.
    """

    event: Event
    call: SourceCall
    at: int
    level: int


def calls_before(site: Site[SourceScan]) -> Calls:
    """Return the calls that are open where the middle begins, as far as its logical line tells."""
    start = site.start
    if not 0 < len(start.line) <= _LONGEST_LINE:
        return ()
    line = Lexed.of(start_of(site.language.lexis), start.line)
    reader = CallReader((), line, site.language)
    for _ in reader.steps():
        pass
    inside = line.after[-1].nesting
    if not inside or start.nesting[-len(inside) :] != inside:
        return ()
    outside = start.depth - len(inside)
    return tuple(call._replace(depth=call.depth + outside) for call in reader.calls)


class CallReader:
    """Reads some bytes; ``calls`` is right when ``steps`` has ended."""

    def __init__(self, calls: Calls, text: Lexed[SourceScan], language: Language) -> None:
        """Read ``text`` where ``calls`` are open."""
        self.calls = calls
        self._text = text
        self._rules = rules_of(language.lexis)
        self._tangling = _TANGLING.get(language.id, frozenset())

    def steps(self) -> Iterator[Step]:
        """Yield what happens to calls, in order."""
        text = self._text
        if not self.calls and b"(" not in text.data:
            return
        for at in range(len(text.data)):
            before, after = text.after[at - 1] if at else text.before, text.after[at]
            if before.pending and after.mode is not Mode.COMMENT:
                yield from self._content(before.depth, at)
            if after.depth > before.depth:
                yield from self._opened(before, after, at)
            elif after.depth < before.depth:
                yield from self._closed(before, after, at)
            elif before.mode is Mode.CODE and after.mode is Mode.CODE:
                yield from self._byte(after, at)

    def _inner(self, depth: int) -> SourceCall | None:
        """Return the call whose argument is written at a depth, None inside other things."""
        call = self.calls[-1] if self.calls else None
        return call if call is not None and call.depth + 1 == depth else None

    def _set(self, call: SourceCall) -> None:
        self.calls = (*self.calls[:-1], call)

    def _content(self, depth: int, at: int) -> Iterator[Step]:
        """Something is written that is part of an argument."""
        call = self._inner(depth)
        if call is not None and not call.begun:
            begun = call._replace(begun=True)
            self._set(begun)
            yield Step(Event.BEGUN, begun, at, len(self.calls) - 1)

    def _opened(self, before: SourceScan, after: SourceScan, at: int) -> Iterator[Step]:
        """Something was opened: a bracket, a string, a comment."""
        kind = after.nesting[-1]
        if after.mode is not Mode.COMMENT:
            yield from self._content(before.depth, at)
        if kind == DIRECTIVE:
            self.calls = tuple(call._replace(unsure=True) for call in self.calls)
        elif after.in_call and after.certain and (callee := _callee(before.line.rstrip(), self._rules)):
            call = SourceCall(before.depth, callee)
            self.calls = (*self.calls, call)
            yield Step(Event.OPENED, call, at, len(self.calls) - 1)

    def _closed(self, before: SourceScan, after: SourceScan, at: int) -> Iterator[Step]:
        """Something was closed, with all that was open in it."""
        call = self._inner(before.depth)
        self.calls = tuple(each for each in self.calls if each.depth < after.depth)
        if call is not None and call.depth == after.depth and self._text.data[at] == ord(")"):
            yield Step(Event.CLOSED, call, at, len(self.calls))

    def _byte(self, after: SourceScan, at: int) -> Iterator[Step]:
        """Take a byte of code that opens and closes nothing."""
        call, byte = self._inner(after.depth), self._text.data[at]
        if call is None or byte in _BLANKS or after.pending:
            return
        if byte in _LINE_ENDS:
            self._set(call._replace(broken=True))
            return
        if byte == _COMMA:
            behind = call.next_argument()
            self._set(behind)
            yield Step(Event.COMMA, behind, at, len(self.calls) - 1)
            return
        yield from self._content(after.depth, at)
        tangled = byte in self._tangling
        unpacked = byte == _UNPACKED[0] and after.line.endswith(_UNPACKED)
        if tangled or unpacked:
            call = self.calls[-1]
            self._set(call._replace(tangled=call.tangled or tangled, unsure=call.unsure or unpacked))


def ends_argument(calls: Calls, scan: SourceScan) -> bool:
    """Whether a comma or the closing bracket could end an argument of the innermost call at ``scan``."""
    call = calls[-1] if calls else None
    inside = call is not None and call.begun and not call.unsure and call.depth + 1 == scan.depth
    return inside and scan.mode is Mode.CODE and not scan.pending


def _callee(line: bytes, rules: Rules) -> str:
    """Return the source of what a bracket behind ``line`` calls; "" if it calls nothing that has a signature."""
    callee = primary_before(line, rules)
    if not callee and (member := _MEMBER.search(line)) is not None:
        callee = member[0].decode("utf-8", "replace")
    return "" if callee in _NO_CALLEES or _DEFINED.search(line) else callee
