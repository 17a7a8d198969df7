"""The arguments of open calls: which there are, and what the one being written can still become.

A reading of the text for the monitors of calls, in Python's grammar of calls (reference manual,
6.3.4); class definitions and class patterns, which have the same grammar, count as calls without
a callee.  All values are immutable, and the same however the text was cut.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Generator, Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from analysis.python.lexicon import ATOMS, KEYWORDS, SOFT_KEYWORDS
from analysis.python.scanner import START, Mode, Scan
from monitors.base import Lexed

_EVENT: Final = re.compile(rb"[(),\[\]{}]")
_BLANK: Final = frozenset(b" \t\f\r\n\\")
_DEFINITION: Final = re.compile(rb"(?:async\s+)?def\s+[\w\x80-\xff]+\s*(?:\[.*\]\s*)?\Z", re.DOTALL)
_SCOPED: Final = re.compile(rb"\b(?:lambda|for)\b")
_OPERATORS: Final = KEYWORDS | ATOMS
"""Words that begin an expression, so that the argument is positional."""


class Form(enum.Enum):
    """What the argument being written is, as far as it can be told."""

    EMPTY = "nothing yet"
    NAME = "a name, being written"
    NAMED = "a name with blanks behind it"
    EQUALS = "a name and one equals sign"
    STAR = "one asterisk"
    POSITIONAL = "a value"
    KEYWORD = "a name with its value"
    STARRED = "an unpacked iterable"
    DOUBLED = "an unpacked mapping"


_OPEN_FORMS: Final = frozenset((Form.EMPTY, Form.NAME, Form.NAMED, Form.EQUALS, Form.STAR))
_BEGUN_FORMS: Final = frozenset((Form.NAME, Form.NAMED, Form.POSITIONAL, Form.KEYWORD))


class Call(NamedTuple):
    """A call that is open.

    Attributes:
        callee: Source of what is called; "" where nothing is that has a signature.
        begin: Where the current argument begins, behind the bracket or comma; bytes of the logical line.
        opening: Where the call's bracket stands there.
        form: What the current argument is.
        name: Its first name, finished or not, if it began with one.
        positional: Number of finished positional arguments.
        keywords: Names of keyword arguments so far, the current one included.
        starred: An iterable has been unpacked.
        doubled: A mapping has been unpacked.
        wrong: An argument stood where the grammar has no place for it.
    """

    callee: str
    begin: int
    opening: int
    form: Form = Form.EMPTY
    name: bytes = b""
    positional: int = 0
    keywords: frozenset[bytes] = frozenset()
    starred: bool = False
    doubled: bool = False
    wrong: bool = False

    @property
    def named_only(self) -> bool:
        """Whether the grammar allows no positional argument any more."""
        return bool(self.keywords) or self.doubled

    def become(self, form: Form, name: bytes = b"") -> Call:
        """Return the call with its current argument known better."""
        if form is Form.POSITIONAL:
            return self._replace(form=form, wrong=self.wrong or self.named_only)
        if form is Form.EQUALS:
            return self._replace(form=form, wrong=self.wrong or self.name in self.keywords)
        if form is Form.KEYWORD:
            return self._replace(form=form, keywords=self.keywords | {self.name})
        if form is Form.STARRED:
            return self._replace(form=form, starred=True, wrong=self.wrong or self.doubled)
        if form is Form.DOUBLED:
            return self._replace(form=form, doubled=True)
        return self._replace(form=form, name=name)

    def next_argument(self, begin: int) -> Call:
        """Return the call behind the comma that ends the current argument."""
        finished = self.finished()
        return finished._replace(begin=begin, form=Form.EMPTY, name=b"")

    def finished(self) -> Call:
        """Return the call with its current argument ended by a comma or the closing bracket."""
        if self.form in (Form.NAME, Form.NAMED):
            return self.become(Form.POSITIONAL).finished()
        if self.form is Form.POSITIONAL:
            return self._replace(positional=self.positional + 1)
        return self


Levels = tuple[Call | None, ...]
"""The calls among the open levels of a scan, outermost first; None for other brackets and strings."""


class Event(enum.Enum):
    """What happened to a call."""

    OPENED = "its bracket was written"
    BEGUN = "the first byte of an argument, or the closing bracket, is there"
    WROTE = "the name that an argument begins with is longer"
    BECAME = "the form of an argument is known"
    COMMA = "a comma ended an argument"
    CLOSED = "the closing bracket is there"


class Step(NamedTuple):
    """One event.

    Attributes:
        event: What happened.
        before: The call before it.
        call: The call after it.
        at: Index of the byte in the text; the last one of what was written.
        depth: Index of the call in ``Levels``.
    """

    event: Event
    before: Call
    call: Call
    at: int
    depth: int


def levels_at(scan: Scan) -> Levels:
    """Return what is open at a place, read from the start of its logical line."""
    return levels_of(scan.line) if scan.brackets else ()


@lru_cache(maxsize=64)
def levels_of(line: bytes) -> Levels:
    """Return what is open behind the beginning of a logical line."""
    return read((), Lexed.of(START, line))[1]


def quiet(levels: Levels, text: Lexed) -> bool:
    """Whether ``text`` surely changes nothing about the calls that are open."""
    return _EVENT.search(text.data) is None and not is_undecided(levels)


def is_undecided(levels: Levels) -> bool:
    """Whether any byte may tell what the argument being written is."""
    call = levels[-1] if levels else None
    return call is not None and call.form in _OPEN_FORMS


@lru_cache(maxsize=8)
def read(levels: Levels, text: Lexed) -> tuple[tuple[Step, ...], Levels]:
    """Return what happens to calls in ``text`` where ``levels`` are open, in order, and what is open behind it.

    Several monitors read the same text one after the other.
    """
    reader = _Reader(levels, text)
    return tuple(reader.steps()), reader.levels


class _Reader:
    """Reads some bytes; ``levels`` is right when ``steps`` has ended."""

    def __init__(self, levels: Levels, text: Lexed) -> None:
        """Read ``text`` where ``levels`` are open."""
        self.levels = levels
        self._text = text

    def steps(self) -> Iterator[Step]:
        """Yield what happens to calls, in order."""
        text, at = self._text, 0
        while at < len(text.data):
            before = text.after[at - 1] if at else text.before
            call = self._current(before)
            if call is None or call.form not in _OPEN_FORMS:
                found = _EVENT.search(text.data, at)
                if found is None:
                    return
                at = found.start()
                before = text.after[at - 1] if at else text.before
                if before.mode is Mode.CODE:
                    yield from self._bracket(before, at)
                at += 1
            elif text.after[at].name and call.form in (Form.EMPTY, Form.NAME):
                at = yield from self._name(call, at)
            else:
                yield from self._argument(call, before, at)
                at += 1

    def _current(self, scan: Scan) -> Call | None:
        """Return the call whose argument is being written, None inside other things."""
        levels = self.levels
        return levels[-1] if levels and scan.depth == len(levels) else None

    def _name(self, call: Call, at: int) -> Generator[Step, None, int]:
        """Go over the name that an argument begins with; return the index behind it."""
        text, depth = self._text, len(self.levels) - 1
        if call.form is Form.EMPTY:
            yield Step(Event.BEGUN, call, call, at, depth)
        end = at + 1
        while end < len(text.data) and text.after[end].name:
            end += 1
        written = call._replace(form=Form.NAME, name=text.after[end - 1].name)
        self._set(written)
        yield Step(Event.WROTE, call, written, end - 1, depth)
        return end

    def _argument(self, call: Call, before: Scan, at: int) -> Iterator[Step]:
        """Take one byte of an argument whose form is open, outside names."""
        byte, after = self._text.data[at], self._text.after[at]
        if before.mode is Mode.COMMENT or after.mode is Mode.COMMENT:
            if call.form is Form.NAME:
                yield self._became(call, at, call.become(_behind_name(call.name), call.name))
            return
        if call.form is Form.EMPTY and byte not in _BLANK:
            yield Step(Event.BEGUN, call, call, at, len(self.levels) - 1)
        form = _form_after(call, byte)
        if form is not call.form:
            yield self._became(call, at, call.become(form, call.name))
        if _EVENT.match(self._text.data, at) and before.mode is Mode.CODE:
            yield from self._bracket(before, at)

    def _became(self, before: Call, at: int, call: Call) -> Step:
        self._set(call)
        return Step(Event.BECAME, before, call, at, len(self.levels) - 1)

    def _set(self, call: Call) -> None:
        self.levels = (*self.levels[:-1], call)

    def _bracket(self, before: Scan, at: int) -> Iterator[Step]:
        """Take a bracket or comma of code."""
        after, depth = self._text.after[at], before.depth
        levels = (*self.levels[:depth], *(None,) * (depth - len(self.levels)))
        if after.depth > depth:
            call = _opened(before) if self._text.data[at] == 40 else None
            self.levels = (*levels, call)
            if call is not None:
                yield Step(Event.OPENED, call, call, at, depth)
            return
        self.levels = levels
        call = levels[-1] if levels else None
        if after.depth < depth:
            self.levels = levels[: after.depth]
            if call is not None and after.depth == depth - 1:
                yield Step(Event.CLOSED, call, call.finished(), at, depth - 1)
        elif call is not None and self._text.data[at] == 44 and _separates(before.line[call.begin :]):
            after_comma = call.next_argument(len(after.line))
            self._set(after_comma)
            yield Step(Event.COMMA, call, after_comma, at, depth - 1)


def _form_after(call: Call, byte: int) -> Form:
    """Return the form of the current argument after one more byte of code that belongs to no name."""
    form = call.form
    if form is Form.EMPTY:
        if byte in _BLANK or byte in b"),":
            return form
        return Form.STAR if byte == 42 else Form.POSITIONAL
    if form is Form.STAR:
        return Form.DOUBLED if byte == 42 else Form.STARRED
    if form is Form.EQUALS:
        return Form.POSITIONAL if byte == 61 else Form.KEYWORD
    if byte in _BLANK:
        return _behind_name(call.name)
    return Form.EQUALS if byte == 61 and call.name not in _OPERATORS else Form.POSITIONAL


def _behind_name(name: bytes) -> Form:
    return Form.POSITIONAL if name in _OPERATORS else Form.NAMED


def _opened(before: Scan) -> Call | None:
    """Return the call that a parenthesis here begins, None if it only groups or holds parameters."""
    callee = before.chain
    if not callee:
        return None
    line = before.line
    if not before.brackets and before.keyword in (b"def", b"async") and _DEFINITION.match(line):
        return None
    is_header = not before.brackets and before.keyword == b"class"
    is_statement = line.rstrip() in SOFT_KEYWORDS and len(callee) == len(line.rstrip())
    named = not is_header and not is_statement and before.keyword != b"case"
    return Call(callee if named else "", len(line) + 1, len(line))


def ends_with_comma(call: Call, scan: Scan, depth: int) -> bool:
    """Whether a comma at ``scan`` ends the argument that is being written in the ``depth``-th open level."""
    inside = scan.depth == depth and scan.mode is Mode.CODE
    return inside and call.form in _BEGUN_FORMS and _separates(scan.line[call.begin :])


def _separates(argument: bytes) -> bool:
    """Whether a comma behind this argument ends it: not in the parameters of a lambda or the targets of a ``for``."""
    return _SCOPED.search(argument) is None or _is_closed(argument)


@lru_cache(maxsize=64)
def _is_closed(argument: bytes) -> bool:
    scan, lambdas, targets = START, 0, False
    for byte in argument.lstrip():
        before, scan = scan, scan.step(byte)
        if before.depth or before.mode is not Mode.CODE:
            continue
        if before.name and not scan.name:
            lambdas += before.name == b"lambda"
            targets = before.name == b"for" or (targets and before.name != b"in")
        if byte == 58 and lambdas:
            lambdas -= 1
    return not lambdas and not targets
