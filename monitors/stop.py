"""When the middle is finished in Python: statements end with their logical line, blocks with their indentation."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Final

from analysis.lexing import LexicalState
from analysis.python.lexicon import COMPOUND
from analysis.python.scanner import scan_text
from analysis.python.suffix import read_suffix
from analysis.syntax import SyntaxWindow
from monitors.base import Site
from monitors.indentation import blocks_before
from monitors.stopping import Stage, Stopping, StopState, column_of
from monitors.viability import window_before

CLAUSES: Final = frozenset((b"elif", b"else", b"except", b"finally"))
"""Words that go on with a compound statement at its own indentation."""


class StopPolicy(Stopping):
    """The stop policy of one request."""

    def __init__(self, site: Site, multiline: bool) -> None:
        """Look at the cursor; ``multiline`` allows more than its logical line."""
        cursor = scan_text(site.typed, site.start)
        super().__init__(site, multiline, cursor)
        self._python_cursor = cursor

    @cached_property
    def _header_column(self) -> int:
        """Column of the header right before the cursor's line, -1 if there is none."""
        blocks = blocks_before(self._site)
        return blocks.levels[-1].wide if blocks.header else -1

    @cached_property
    def _protected(self) -> int:
        reading = read_suffix(self._python_cursor, self._site.suffix)
        return (reading.shared(self._cursor.nesting) or 0) if reading is not None else 0

    @cached_property
    def _window(self) -> SyntaxWindow:
        return window_before(self._site.document.prefix)

    def _went_on(self, state: StopState, before: LexicalState, after: LexicalState) -> StopState:
        if state.stage is not Stage.LINE or not after.at_line_start:
            return state
        return self._logical_line_ended(state, before)

    def _logical_line_ended(self, state: StopState, before: LexicalState) -> StopState:
        """A statement is complete, or a block follows; nothing written yet: what follows is the unit."""
        column = column_of(before.indent)
        if before.line.startswith(b"@"):
            return state
        if before.keyword in COMPOUND and self._window.append(state.text).awaits_block():
            return replace(state, stage=Stage.BLOCK, header=column)
        if self._generated(state).strip():
            return self._cut_behind_content(state, len(state.text))
        return replace(state, stage=Stage.BLOCK, column=column)

    def _line_begun(self, state: StopState, after: LexicalState) -> StopState:
        """The first byte of a line in a block: the block is left where the indentation gets smaller."""
        column = column_of(after.indent)
        if state.column < 0:
            least = max(state.header, column_of(self._site.typed) - 1) if self._on_blank_line else state.header
            if column > least:
                return replace(state, column=column)
        elif column >= state.column:
            return state
        elif column == state.header:
            return self._clause(replace(state, stage=Stage.CLAUSE), after)
        return self._cut_behind_content(state, state.line)

    def _clause(self, state: StopState, after: LexicalState) -> StopState:
        """A line at the header's indentation: an ``else`` goes on with the statement, anything else leaves it."""
        if after.name:
            if any(word.startswith(after.name) for word in CLAUSES):
                return state
        elif after.keyword in CLAUSES:
            return replace(state, stage=Stage.BLOCK, column=-1)
        return self._cut_behind_content(state, state.line)
