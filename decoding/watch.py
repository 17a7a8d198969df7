"""All monitors' states at one point of the text, as one immutable value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from analysis.facts import FactKey, FactView
from analysis.lexing import LexicalState
from monitors.base import FORBIDDEN, Check, Continuations, Expected, Expecting, Factless, Kind, Lexed, Monitor


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the monitors say of some bytes together.

    Attributes:
        penalty: Sum of the monitors' penalties, nats; 0 or less.
        monitor: The monitor with the highest penalty; "" if nobody objects.
        objectors: All monitors with a penalty; that which forbids alone if one does.
    """

    penalty: float
    monitor: str
    objectors: tuple[str, ...] = ()


CLEAR = Judgement(0.0, "")


@dataclass(frozen=True, slots=True)
class Watch:
    """The monitors and their states after some text.

    What was judged is most likely what is written next, so the states behind it are remembered.

    Attributes:
        monitors: In building order: the most trusted first.
        scan: Lexical state.
        states: One state a monitor.
        asking: Indices of the monitors that need facts.
    """

    monitors: tuple[Monitor[Any], ...]
    scan: LexicalState
    states: tuple[Any, ...]
    asking: tuple[int, ...] = ()
    _judged: dict[bytes, tuple[FactView, LexicalState, tuple[Any, ...]]] = field(
        default_factory=dict, compare=False, repr=False
    )
    _lexed: dict[bytes, Lexed[LexicalState]] = field(default_factory=dict, compare=False, repr=False)
    _ended: dict[bytes, tuple[FactView, Judgement]] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def start(cls, monitors: tuple[Monitor[Any], ...], scan: LexicalState) -> Watch:
        """Return the states at the start of the middle, where the lexical state is ``scan``."""
        return cls(monitors, scan, tuple(monitor.start() for monitor in monitors), asking(monitors))

    def advance(self, data: bytes, view: FactView) -> Watch:
        """Return the states after ``data``."""
        if not data:
            return self
        known = self._judged.get(data)
        if known is not None and known[0] is view:
            return Watch(self.monitors, known[1], known[2], self.asking)
        text = self.lexed(data)
        states = tuple([m.step(s, text, view)[1] for m, s in zip(self.monitors, self.states, strict=True)])
        return Watch(self.monitors, text.after[-1], states, self.asking)

    def judge(self, data: bytes, view: FactView) -> Judgement:
        """Add up the penalties of ``data``; stops at the first monitor that forbids it."""
        if not self.monitors or not data:
            return CLEAR
        text = self.lexed(data)
        judgement, states = self._judge(text, view)
        if judgement.penalty != FORBIDDEN:
            self._judged[data] = view, text.after[-1], states
        return judgement

    def lexed(self, data: bytes) -> Lexed[LexicalState]:
        """Return ``data`` with the lexical state around each byte."""
        known = self._lexed.get(data)
        if known is None:
            known = self._lexed[data] = Lexed.of(self.scan, data)
        return known

    def judge_end(self, suffix: bytes, view: FactView) -> Judgement:
        """Add up the penalties of the real suffix; where its first byte may not follow, no more of it is looked at."""
        known = self._ended.get(suffix)
        if known is None or known[0] is not view:
            known = self._ended[suffix] = view, self._judge_end(suffix, view)
        return known[1]

    def _judge_end(self, suffix: bytes, view: FactView) -> Judgement:
        judgement, _ = self._judge(Lexed.of(self.scan, suffix[:1], is_suffix=True), view)
        if judgement.penalty == FORBIDDEN or len(suffix) == 1:
            return judgement
        return self._judge(Lexed.of(self.scan, suffix, is_suffix=True), view)[0]

    def _judge(self, text: Lexed[LexicalState], view: FactView) -> tuple[Judgement, tuple[Any, ...]]:
        """Return what the monitors say of ``text``, and their states behind it if none of them forbids it."""
        total, worst, name = 0.0, 0.0, ""
        after, objectors = [], []
        for monitor, state in zip(self.monitors, self.states, strict=True):
            penalty, state_after = monitor.step(state, text, view)
            after.append(state_after)
            if not penalty:
                continue
            if penalty == FORBIDDEN:
                return Judgement(FORBIDDEN, monitor.name, (monitor.name,)), ()
            total += penalty
            objectors.append(monitor.name)
            if penalty < worst:
                worst, name = penalty, monitor.name
        return Judgement(total, name, tuple(objectors)) if name else CLEAR, tuple(after)

    def penalty_by(self, name: str, data: bytes, view: FactView) -> float:
        """Return what one monitor says of ``data``; 0 if there is none of that name."""
        for monitor, state in zip(self.monitors, self.states, strict=True):
            if monitor.name == name:
                return monitor.step(state, Lexed.of(self.scan, data), view)[0]
        return 0.0

    def alone(self, name: str) -> Watch:
        """Return the states of the monitor of that name without the others; no states if there is none."""
        for monitor, state in zip(self.monitors, self.states, strict=True):
            if monitor.name == name:
                return Watch((monitor,), self.scan, (state,))
        return Watch((), self.scan, ())

    def stand_down(self) -> tuple[Watch, str] | None:
        """Set the newest monitor aside that is not sound.

        Returns:
            The states without it and its name, or None when only sound ones are left.
        """
        for index in range(len(self.monitors) - 1, -1, -1):
            if self.monitors[index].kind is not Kind.SOUND:
                keep = [i for i in range(len(self.monitors)) if i != index]
                monitors = tuple(self.monitors[i] for i in keep)
                states = tuple(self.states[i] for i in keep)
                return Watch(monitors, self.scan, states, asking(monitors)), self.monitors[index].name
        return None

    def joined(self, monitor: Monitor[Any]) -> Watch:
        """Return the states with one more monitor, which starts here."""
        monitors = (*self.monitors, monitor)
        return Watch(monitors, self.scan, (*self.states, monitor.start()), asking(monitors))

    def continuations(self) -> tuple[Continuations, ...]:
        """Return the finite sets one of which has to come next, one a monitor that has such a set."""
        sets = (m.continuations(s) for m, s in zip(self.monitors, self.states, strict=True))
        return tuple(found for found in sets if found is not None)

    def closed_by(self, name: str) -> Continuations | None:
        """Return the finite set that the monitor of that name knows here, if it does."""
        for monitor, state in zip(self.monitors, self.states, strict=True):
            if monitor.name == name:
                return monitor.continuations(state)
        return None

    def state_of(self, name: str) -> Any:
        """Return the state of the monitor of that name; None if there is none."""
        return next((s for m, s in zip(self.monitors, self.states, strict=True) if m.name == name), None)

    def expected(self, view: FactView) -> Iterator[tuple[str, Expected]]:
        """Yield what is known of the name that comes next, by the facts of ``view``, with the monitor that knows."""
        for at in self.asking:
            monitor = self.monitors[at]
            if isinstance(monitor, Expecting):
                yield monitor.name, monitor.expected(self.states[at], view)

    def needs(self) -> tuple[FactKey, ...]:
        """Return the questions whose answers may be wanted soon."""
        return tuple([key for i in self.asking for key in self.monitors[i].needs(self.states[i], self.scan)])

    def missing(self) -> tuple[FactKey, ...]:
        """Return the questions that had no answer when the last text passed their site."""
        return tuple([key for i in self.asking for key in self.monitors[i].missing(self.states[i])])

    def checks(self) -> tuple[Check, ...]:
        """Return the judgements on all names finished so far."""
        return tuple(check for m, s in zip(self.monitors, self.states, strict=True) for check in m.checks(s))


def asking(monitors: tuple[Monitor[Any], ...]) -> tuple[int, ...]:
    """Return the indices of the monitors that may need facts."""
    return tuple(i for i, monitor in enumerate(monitors) if not isinstance(monitor, Factless))
