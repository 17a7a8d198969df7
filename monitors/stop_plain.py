"""When the middle is finished where nothing is known of the language: by lines, indentation and blank lines.

A line ends the unit unless deeper lines follow it, which belong to it; on a blank line the unit is what comes
up to the next blank line, or to a line that stands further left than the first.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from analysis.languages import Blocks
from analysis.lexing import LexicalState, scan
from monitors.base import Site
from monitors.stopping import Stage, Stopping, StopState, column_of

_ENDS: Final = (b"}", b")", b"]", b"</", b"end", b"fi", b"done", b"esac")
"""What closes a block in its last line."""


class PlainStop(Stopping):
    """The stop policy of one request."""

    def __init__(self, site: Site[LexicalState], multiline: bool) -> None:
        """Look at the cursor; ``multiline`` allows more than its line."""
        super().__init__(site, multiline, scan(site.typed, site.language))

    @property
    def _header_column(self) -> int:
        return -1

    @property
    def _protected(self) -> int:
        return 0

    def _went_on(self, state: StopState, before: LexicalState, after: LexicalState) -> StopState:
        written = self._generated(state).strip()
        if written and (state.blank_lines or state.stage is Stage.CLAUSE):
            return self._cut_behind_content(state, len(state.text))
        if state.stage is Stage.BLOCK:
            return state
        if written and self._site.language.blocks is Blocks.NONE:
            return self._cut_behind_content(state, len(state.text))
        return replace(state, stage=Stage.BLOCK, header=column_of(before.indent))

    def _line_begun(self, state: StopState, after: LexicalState) -> StopState:
        """The first byte of a line behind the unit's first one."""
        column, line = column_of(after.indent), state.text[state.line :]
        if state.column < 0:
            if column > state.header:
                return replace(state, column=column)
            if column == state.header and not self._generated(state)[: -len(line)].strip():
                return replace(state, column=column, header=-1)
        elif column >= state.column:
            return state
        elif column == state.header:
            return self._clause(replace(state, stage=Stage.CLAUSE), after)
        return self._cut_behind_content(state, state.line)

    def _clause(self, state: StopState, after: LexicalState) -> StopState:
        """A line as deep as the unit's first one, behind deeper ones: it is the last if it closes what that opened."""
        line = state.text[state.line :].strip()
        if any(line.startswith(end) or end.startswith(line) for end in _ENDS):
            return state
        return self._cut_behind_content(state, state.line)
