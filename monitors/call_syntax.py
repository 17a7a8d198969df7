"""Monitor ``call_syntax``: the arguments of a call stand in an order that Python's grammar has.

What may not stand: a keyword that the call has already, in the suffix too; a positional argument
behind a keyword or behind ``**mapping``; ``*iterable`` behind ``**mapping``; a keyword before a
positional argument of the suffix.  Class definitions and class patterns have the same rules.
Silent: on what the user typed, and in a call that the typed part has broken.  Sound by the
reference manual, sections 6.3.4 and 8.6.4.9.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from analysis.facts import FactView
from analysis.python.scanner import Scan
from monitors.arguments import Event, Form, Levels, Step, is_undecided, levels_at, quiet, read
from monitors.base import EVERYTHING, FORBIDDEN, Factless, Kind, Lexed, Selective, Site, bits
from monitors.call_suffix import NOTHING, Behind, arguments_behind

_EVENTS: Final = bits(b"(),[]{}")
_NAMED: Final = (Form.KEYWORD, Form.DOUBLED)


@dataclass(frozen=True, slots=True)
class Order:
    """State of the monitor.

    Attributes:
        ahead: Bytes of the typed part to come; they are the user's.
        levels: What is open.
        dead: Something forbidden was written.
    """

    ahead: int
    levels: Levels = ()
    dead: bool = False


_DEAD: Final = Order(0, (), True)


class CallSyntax(Factless, Selective):
    """One request; see the module."""

    name = "call_syntax"
    kind = Kind.SOUND

    def __init__(self, site: Site) -> None:
        """Read the suffix of the cursor's call."""
        self._site = site
        self._behind: Behind = arguments_behind(site) if site.start.brackets or b"(" in site.typed else NOTHING

    def start(self) -> Order:
        """Return the state at the start of the middle."""
        return Order(len(self._site.typed), levels_at(self._site.start))

    def step(self, state: Order, text: Lexed, view: FactView) -> tuple[float, Order]:
        """Forbid an argument that has no place."""
        if state.dead:
            return FORBIDDEN, state
        ahead = max(0, state.ahead - len(text.data))
        if quiet(state.levels, text):
            return 0.0, (state if ahead == state.ahead else Order(ahead, state.levels))
        steps, levels = read(state.levels, text)
        if any(step.at >= state.ahead and self._breaks(step, text.is_suffix) for step in steps):
            return FORBIDDEN, _DEAD
        return 0.0, Order(ahead, levels)

    def hears(self, state: Order, scan: Scan) -> int:
        """Return brackets and commas; on what was typed, and where an argument's form is open, everything."""
        return EVERYTHING if state.ahead or state.dead or is_undecided(state.levels) else _EVENTS

    def _breaks(self, step: Step, in_suffix: bool) -> bool:
        """Whether a step, or one of the suffix itself, is the one that the grammar, or the suffix, does not allow."""
        before, call, behind = step.before, step.call, self._behind
        if before.wrong or step.event is not Event.BECAME:
            return False
        if call.wrong:
            return True
        if in_suffix or (step.depth, call.opening) != (behind.depth, behind.opening):
            return False
        # Before a keyword, "name=" may go on as the comparison "name==".
        is_keyword = call.form is Form.KEYWORD or (call.form is Form.EQUALS and call.named_only)
        again = is_keyword and call.name in behind.keywords
        return again or (behind.positional and call.form in _NAMED)
