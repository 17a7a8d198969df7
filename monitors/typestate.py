"""Monitor ``typestate``: methods in an order that makes sense: nothing is read from a file that was closed.

What may not stand here: on a name whose object the function itself has made, a method that its
automaton (``monitors.automata``) does not allow in its present state.
Silent: on objects that came from elsewhere or went elsewhere (given to a call, returned, given a second
name), behind loops and branches that changed them, on methods that no automaton speaks of, on what
was typed.  Opt-in: the project names the automata.
As strong as the automaton says: forbidden if it is hard, else ``ln UNLIKELY`` times the user's strictness.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import Final

from analysis.facts import FactView
from analysis.python.blocks import Column
from analysis.python.scanner import START, Mode, Scan, scan_text
from monitors.base import FORBIDDEN, Factless, Kind, Lexed, Site
from monitors.lifetimes import Lifetimes

UNLIKELY: Final = 0.02
"""How often a method called in the wrong state is meant after all: a guess, as nobody has measured it."""

_LINE: Final = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


@dataclass(frozen=True, slots=True)
class State:
    """State of the monitor.

    Attributes:
        known: The objects before the current line.
        ahead: Bytes of the typed part to come.
        dead: A method was written that is forbidden.
    """

    known: Lifetimes
    ahead: int
    dead: bool = False


class Typestate(Factless):
    """One request."""

    name = "typestate"
    kind = Kind.HEURISTIC

    def __init__(self, site: Site) -> None:
        """Read the lines before the cursor's."""
        self._typed = len(site.typed)
        self._strictness = site.options.strictness
        self._start = _lines_before(site)

    def start(self) -> State:
        """Return the state at the start of the middle."""
        return State(self._start, self._typed)

    def step(self, state: State, text: Lexed, view: FactView) -> tuple[float, State]:
        """Charge the method where it is written out; a line that ends is read."""
        if state.dead or text.is_suffix:
            return (FORBIDDEN if state.dead else 0.0), state
        total, before = 0.0, text.before
        for after in text.after:
            if after.ended and not before.ended:
                state = replace(state, known=state.known.read(before.indent, before.line))
            elif not state.ahead and after.name and after.receiver is not None and after.mode is Mode.CODE:
                total += self._price(state.known, after)
            state = replace(state, ahead=max(0, state.ahead - 1), dead=total == FORBIDDEN)
            if state.dead:
                break
            before = after
        return total, state

    def _price(self, known: Lifetimes, scan: Scan) -> float:
        """Return what the method that stands here costs."""
        found = known.left(Column.of(scan.indent)).state_of(scan.receiver or "") if known.objects else None
        if found is None:
            return 0.0
        automaton, state = found
        method = scan.name.decode("utf-8", "surrogateescape")
        if method not in automaton.methods or method in automaton.states[state]:
            return 0.0
        if any(allowed.startswith(method) for allowed in automaton.states[state]):
            return 0.0
        return FORBIDDEN if automaton.hard else self._strictness * math.log(UNLIKELY)


def _lines_before(site: Site) -> Lifetimes:
    known, scan = Lifetimes(site.options.automata), START
    for physical in _LINE.finditer(site.document.prefix.encode("utf-8", "surrogatepass")):
        line = physical[0].rstrip(b"\r\n")
        before = scan_text(line, scan)
        scan = scan_text(physical[0][len(line) :], before)
        if scan.ended:
            known = known.read(before.indent, before.line)
    return known
