"""When the middle is finished in languages with a ``Lexis``: statements end where their brackets are closed.

A line end at the cursor's depth ends the statement, unless the next line goes on with it: with a member,
an operator, the brace of a header, an ``else``.  On a blank line the unit is what is left of the block; at
the top level it is one definition.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Final

from analysis.lexing import LexicalState
from analysis.source.scanner import SourceScan, scan_source
from analysis.source.suffix import read_source_suffix
from monitors.base import Site
from monitors.stopping import Stage, Stopping, StopState

CLAUSES: Final = frozenset((b"else", b"catch", b"finally"))
"""Words that go on with the statement whose block was closed on the line before."""

_GOES_ON: Final = b".?&|:"
"""What no statement begins with."""
_UNFINISHED: Final = b"=+-*/%&|^?<([:,.\\"
"""What no statement ends with."""
_ENDS: Final = b";},"


class SourceStop(Stopping):
    """The stop policy of one request."""

    closing = b")]}\"'`/>"

    def __init__(self, site: Site[SourceScan], multiline: bool) -> None:
        """Look at the cursor; ``multiline`` allows more than its logical line."""
        cursor = scan_source(site.typed, site.start)
        super().__init__(site, multiline, cursor)
        self._source_cursor = cursor

    @property
    def _header_column(self) -> int:
        return -1

    @cached_property
    def _protected(self) -> int:
        reading = read_source_suffix(self._source_cursor, self._site.suffix)
        return (reading.shared(self._cursor.nesting) or 0) if reading is not None else 0

    @cached_property
    def _outside(self) -> int:
        """How much is open outside of the cursor's statement: where its line begins, and what the suffix closes."""
        scan: LexicalState = self._site.start
        least = scan.depth
        for byte in self._site.typed:
            scan = scan.step(byte)
            least = min(least, scan.depth)
        return max(least, self._protected)

    def _is_whole(self, after: LexicalState) -> bool:
        return after.at_line_start and after.depth <= self._outside

    def _went_on(self, state: StopState, before: LexicalState, after: LexicalState) -> StopState:
        if not self._is_whole(after):
            return state
        written = self._generated(state).strip()
        if state.stage is Stage.BLOCK:
            if after.depth < self._outside:
                return self._cut_behind_content(state, len(state.text))
            top_level = after.depth == 0 and bool(written)
            if top_level and state.blank_lines:
                return self._cut_behind_content(state, len(state.text))
            return replace(state, stage=Stage.CLAUSE) if top_level and before.line.endswith(b"}") else state
        if not written:
            return replace(state, stage=Stage.BLOCK)
        if state.stage is Stage.CLAUSE:
            return self._cut_behind_content(state, state.line) if state.blank_lines else state
        content = state.text.rstrip()
        if content.endswith((b";", b",")):
            return self._cut_behind_content(state, len(state.text))
        return state if content[-1] in _UNFINISHED else replace(state, stage=Stage.CLAUSE)

    def _line_begun(self, state: StopState, after: LexicalState) -> StopState:
        """The first byte of a line in a block: one that the suffix closes ends there."""
        return self._cut_behind_content(state, state.line) if after.depth < self._protected else state

    def _clause(self, state: StopState, after: LexicalState) -> StopState:
        """A line behind what may have been a whole statement."""
        line = state.text[state.line :].lstrip()
        if not line:
            return state
        end = state.text[: state.line].rstrip()[-1:]
        if line[0] in _GOES_ON or (line[:1] == b"{" and end != b"}"):
            return replace(state, stage=Stage.LINE)
        if end == b"}" and (line in CLAUSES or any(word.startswith(line) for word in CLAUSES)):
            return replace(state, stage=Stage.LINE) if line in CLAUSES else state
        return self._cut_behind_content(state, state.line)
