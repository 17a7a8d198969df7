"""When the middle is finished, and how much of it to keep: what holds in every language.

Not a monitor: it forbids nothing and sees text that is already chosen.  Every rule is a product
choice, a function with a name and a reason, and depends on the text alone, not on how it was cut
into tokens: a token may run past the cut.  What a statement and a block are, the policies say
(``monitors.stop``, ``monitors.stop_source``, ``monitors.stop_plain``).

The unit of a completion:

* text stands behind the cursor on its line: the rest of that line;
* single-line mode: the cursor's logical line;
* the cursor stands in a string or comment: its line;
* the cursor stands in a statement: that statement, with its body if it is a header;
* the cursor stands on a blank line: statements, as long as the block goes on.
"""

from __future__ import annotations

import enum
import math
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

from analysis.lexing import LexicalState
from analysis.python.lexicon import QUOTES
from analysis.python.scanner import Mode
from monitors.base import Lexed, Site
from monitors.remainder import closed_next, typed_over

MOST_NEWLINES: Final = 5
MOST_BLANKS: Final = 200
"""White space in a row that counts as no progress: constrained models fall into such loops."""

REPEATS: Final = 6
FEWEST_REPEATS: Final = 3
SURE_BYTES: Final = 36
LONGEST_REPEATED: Final = 96
LOOK_EVERY: Final = 8
"""A small model that goes round in circles: the same bytes ``REPEATS`` times in a row, longer ones less often if they
come to ``SURE_BYTES`` behind the first time; looked for every few bytes."""

_WORDS: Final = re.compile(rb"([A-Za-z])(?!\1\1)[A-Za-z\x80-\xff]{2}")
_LINE_ENDS: Final = b"\r\n"
_BLANKS: Final = b" \t\f\r\n"
_TAB: Final = 8


class Stage(enum.Enum):
    """What is being written."""

    LINE = "the cursor's logical line"
    BLOCK = "lines of a block"
    CLAUSE = "the first word of a line that may go on with the statement"


@dataclass(frozen=True, slots=True)
class StopState:
    """What the policy knows of the middle so far.

    Attributes:
        text: The middle, up to the cut once there is one.
        line: Where its current physical line starts.
        stage: What is being written.
        header: Column of the statement whose body is being written; -1 in a block without one.
        column: Column of the block's lines; -1 before its first one.
        blank_lines: Blank lines in a row just before the current line.
        cut: How much to keep, once finished.
    """

    text: bytes = b""
    line: int = 0
    stage: Stage = Stage.LINE
    header: int = -1
    column: int = -1
    blank_lines: int = 0
    cut: int | None = None


class Stopping(ABC):
    """The stop policy of one request."""

    closing = b")]}\"'"
    """Bytes that may close something."""

    def __init__(self, site: Site[Any], multiline: bool, cursor: LexicalState) -> None:
        """Look at the cursor, in the lexical state ``cursor``; ``multiline`` allows more than its logical line."""
        self._site = site
        self._multiline = multiline
        self._cursor = cursor
        self._remainder = site.remainder.rstrip()
        self._over = typed_over(site.remainder)
        self._closed_next = self._over or closed_next(site.remainder)
        self._watched = frozenset(b" \t\f\r\n" + self.closing + self._remainder[-1:])
        self._next_line = b"" if self._remainder else _first_line(site.suffix)

    def start(self) -> StopState:
        """Return the state at the start of the middle, before the typed part."""
        if not self._on_blank_line:
            return StopState()
        return StopState(stage=Stage.BLOCK, header=self._header_column)

    def advance(self, state: StopState, text: Lexed[Any]) -> StopState:
        """Return the state after ``text``; bytes behind a cut change nothing."""
        if state.cut is not None:
            return state
        written, before = state.text + text.data, text.before
        for end, (byte, after) in enumerate(zip(text.data, text.after, strict=True), len(state.text) + 1):
            if end > len(self._site.typed) and self._matters(state, before, byte):
                state = self._take(replace(state, text=written[:end]), before, after, byte)
                if state.cut is not None:
                    return state
            if end % LOOK_EVERY == 0:
                once = _before_repeats(written[len(self._site.typed) : end], before.mode is Mode.CODE)
                if once is not None:
                    return replace(state, text=written[:end], cut=len(self._site.typed) + once)
            before = after
        return replace(state, text=written)

    def cut(self, state: StopState) -> int | None:
        """Return how many bytes of the middle to keep, typed part included; None while it goes on."""
        return state.cut

    def sure(self, state: StopState) -> int:
        """Return how many bytes of the middle stay, typed part included, whatever is written behind them.

        All rules but one cut in the line that is being written, or behind what is before it.
        """
        if state.cut is not None:
            return state.cut
        if self._remainder:
            return 0
        generated = len(self._site.typed) + _before_any_repeats(self._generated(state))
        return min(len(state.text[: state.line].rstrip()), generated)

    @cached_property
    def _on_blank_line(self) -> bool:
        return self._multiline and not self._remainder and self._cursor.at_line_start

    @property
    @abstractmethod
    def _protected(self) -> int:
        """How many of the levels that are open at the cursor the suffix closes."""

    @property
    @abstractmethod
    def _header_column(self) -> int:
        """Column of the header right before the cursor's line, -1 if there is none."""

    def _is_whole(self, after: LexicalState) -> bool:
        """Whether a line end that leads to ``after`` may end the cursor's logical line."""
        return after.at_line_start

    @abstractmethod
    def _went_on(self, state: StopState, before: LexicalState, after: LexicalState) -> StopState:
        """A line has ended, and the unit need not have."""

    @abstractmethod
    def _line_begun(self, state: StopState, after: LexicalState) -> StopState:
        """The first byte of a line in a block."""

    @abstractmethod
    def _clause(self, state: StopState, after: LexicalState) -> StopState:
        """A byte of a line that may go on with the statement before it."""

    def _take(self, state: StopState, before: LexicalState, after: LexicalState, byte: int) -> StopState:
        if byte in _BLANKS and _no_progress(self._generated(state)):
            return self._cut_behind_content(state, len(state.text))
        if self._types_over(before, after):
            return replace(state, cut=len(state.text) - _closer_length(before, byte))
        if self._remainder and self._reproduces_remainder(state):
            return replace(state, cut=len(state.text) - len(self._remainder))
        if byte in _LINE_ENDS:
            if state.text.endswith(b"\r\n"):
                return replace(state, line=len(state.text))
            return self._line_ended(state, before, after)
        if state.stage is Stage.CLAUSE:
            return self._clause(state, after)
        if state.stage is Stage.BLOCK and before.at_line_start and byte not in _BLANKS:
            return self._line_begun(state, after)
        return state

    def _matters(self, state: StopState, before: LexicalState, byte: int) -> bool:
        """Whether a rule may look at this byte."""
        if byte in self._watched or state.stage is Stage.CLAUSE:
            return True
        return state.stage is Stage.BLOCK and before.at_line_start

    def _generated(self, state: StopState) -> bytes:
        return state.text[len(self._site.typed) :]

    def _cut_behind_content(self, state: StopState, end: int) -> StopState:
        """Cut behind the last byte before ``end`` that is not white space, keeping what was typed."""
        return replace(state, cut=max(len(self._site.typed), len(state.text[:end].rstrip())))

    def _types_over(self, before: LexicalState, after: LexicalState) -> bool:
        """The middle closes what the suffix closes: from here on it repeats the cursor's line."""
        return bool(self._closed_next) and after.depth < min(before.depth, self._protected)

    def _reproduces_remainder(self, state: StopState) -> bool:
        """The rest of the cursor's line was written again; if it may be part of a longer word, at its line end."""
        rest = self._remainder
        if self._over.strip(b",;:") or not self._generated(state).endswith(rest):
            return False
        ends_clearly = not _is_word(rest[-1]) and len(rest) > 2
        starts_clearly = not (_is_word(rest[0]) and state.text[: -len(rest)] and _is_word(state.text[-len(rest) - 1]))
        return ends_clearly and starts_clearly

    def _line_ended(self, state: StopState, before: LexicalState, after: LexicalState) -> StopState:
        end = len(state.text) - 1
        line = state.text[state.line : end]
        is_begun = not state.line and line.rstrip().endswith(b":") and self._site.typed.strip()
        if self._next_line and line.rstrip() == self._next_line and before.depth == self._cursor.depth and not is_begun:
            return self._cut_behind_content(state, state.line)
        blank_lines = state.blank_lines + 1 if not line.strip() else 0
        if blank_lines == 2 and after.at_line_start and self._generated(state).strip():
            return self._cut_behind_content(state, end)
        if self._unit_ended(state, before, after):
            return self._cut_line(state, end)
        state = replace(state, line=end + 1, blank_lines=blank_lines)
        return self._went_on(state, before, after)

    def _unit_ended(self, state: StopState, before: LexicalState, after: LexicalState) -> bool:
        """Whether this line end ends the unit whatever the line says."""
        if self._in_prose(before):
            return bool(self._generated(state).strip())
        if not self._is_whole(after):
            return False
        if self._remainder:
            return True
        return not self._multiline and bool(state.text.strip())

    def _in_prose(self, before: LexicalState) -> bool:
        """Still in the string or comment that the cursor stands in: one line of prose is enough."""
        if self._cursor.mode is Mode.CODE or before.mode is not self._cursor.mode:
            return False
        return before.nesting[: self._cursor.depth] == self._cursor.nesting

    def _cut_line(self, state: StopState, end: int) -> StopState:
        """Cut before a line end, and before what the line repeats of the cursor's line."""
        line = state.text[:end].rstrip()
        rest = self._over or self._remainder
        if rest and line.endswith(rest) and len(line) - len(rest) >= len(self._site.typed):
            line = line[: -len(rest)]
            return replace(state, cut=len(line))
        return self._cut_behind_content(state, end)


def _no_progress(generated: bytes) -> bool:
    """White space without end."""
    blanks = generated[len(generated.rstrip()) :]
    newlines = blanks.count(b"\n") + blanks.count(b"\r") - blanks.count(b"\r\n")
    return newlines >= MOST_NEWLINES or len(blanks) >= MOST_BLANKS


def _before_repeats(text: bytes, in_code: bool) -> int | None:
    """Return the length at which ``text`` begins to repeat what it just said; None if it does not go round.

    Outside of code lines of dashes and the like are no such thing: only what has words says something.
    """
    tail = text[-LOOK_EVERY:]
    first, at = max(0, len(text) - LOOK_EVERY - LONGEST_REPEATED), len(text) - LOOK_EVERY
    while tail.strip() and (at := text.rfind(tail, first, at + LOOK_EVERY - 1)) >= 0:
        period = len(text) - LOOK_EVERY - at
        unit = text[-period:]
        if period > 1 and text.endswith(unit * _most_repeats(period)) and (in_code or _WORDS.search(unit)):
            start = len(text) - period
            while start and text[start - 1] == text[start - 1 + period]:
                start -= 1
            return start + period
    return None


def _most_repeats(period: int) -> int:
    """Return how often so many bytes stand in a row where they go round."""
    return min(REPEATS, max(FEWEST_REPEATS, 1 + math.ceil(SURE_BYTES / period)))


def _before_any_repeats(text: bytes) -> int:
    """Return the least that ``_before_repeats`` can return for a text that begins with ``text``."""
    sure = len(text)
    for period in range(2, min(LONGEST_REPEATED, len(text)) + 1):
        start = len(text) - period
        while start and text[start - 1] == text[start - 1 + period]:
            start -= 1
        sure = min(sure, start + period)
    return sure


def _closer_length(before: LexicalState, byte: int) -> int:
    return len(before.nesting[-1]) if byte in QUOTES and before.mode is Mode.STRING else 1


def _first_line(suffix: bytes) -> bytes:
    """First line of the suffix that is not blank, with its indentation."""
    return next((line.rstrip() for line in suffix.splitlines() if line.strip()), b"")


def _is_word(byte: int) -> bool:
    return chr(byte).isalnum() or byte == 95 or byte > 127


def column_of(indent: bytes) -> int:
    """Width of an indentation; tabs as in the reference manual, 2.1.8."""
    return len(indent.expandtabs(_TAB))
