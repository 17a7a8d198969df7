"""All monitors' states at one point of the text, as one immutable value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from analysis.facts import FactKey, FactView
from analysis.lexing import LexicalState
from monitors.base import (
    EVERYTHING,
    FORBIDDEN,
    Check,
    Continuations,
    Expected,
    Expecting,
    Factless,
    Kind,
    Lexed,
    Monitor,
    Selective,
    bits,
)


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
class Panel:
    """The monitors of a request, and which of them are asked what.

    Attributes:
        monitors: In building order: the most trusted first.
        places: Index of each name; of equal names the first one's.
        asking: Indices of those that may need facts.
        expecting: Indices of those that know of names before their first byte.
        selective: Indices of those that most texts do not concern.
    """

    monitors: tuple[Monitor[Any], ...]
    places: Mapping[str, int] = field(compare=False)
    asking: tuple[int, ...] = field(compare=False)
    expecting: tuple[int, ...] = field(compare=False)
    selective: tuple[int, ...] = field(compare=False)

    @classmethod
    def of(cls, monitors: tuple[Monitor[Any], ...]) -> Panel:
        """Look at some monitors."""
        places = {monitors[at].name: at for at in reversed(range(len(monitors)))}
        asking = tuple(at for at, monitor in enumerate(monitors) if not isinstance(monitor, Factless))
        expecting = tuple(at for at, monitor in enumerate(monitors) if isinstance(monitor, Expecting))
        selective = tuple(at for at, monitor in enumerate(monitors) if isinstance(monitor, Selective))
        return cls(monitors, places, asking, expecting, selective)


@dataclass(frozen=True, slots=True)
class Watch:
    """The monitors and their states after some text.

    What was judged is most likely what is written next, so the states behind it are remembered.

    Attributes:
        panel: The monitors.
        scan: Lexical state.
        states: One state a monitor.
        concerns: Bytes that each monitor is known to hear as long as none of them comes, as ``monitors.base.bits``;
            ``EVERYTHING`` where that is to be asked, () where all are.
    """

    panel: Panel
    scan: LexicalState
    states: tuple[Any, ...]
    concerns: tuple[int, ...] = field(default=(), compare=False, repr=False)
    _concerns: list[int] = field(default_factory=list, compare=False, repr=False)
    _judged: dict[bytes, tuple[FactView, LexicalState, tuple[Any, ...], tuple[int, ...]]] = field(
        default_factory=dict, compare=False, repr=False
    )
    _reached: dict[bytes, tuple[FactView, Watch]] = field(default_factory=dict, compare=False, repr=False)
    _lexed: dict[bytes, Lexed[LexicalState]] = field(default_factory=dict, compare=False, repr=False)
    _ended: dict[bytes, tuple[FactView, Judgement]] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def start(cls, monitors: tuple[Monitor[Any], ...], scan: LexicalState) -> Watch:
        """Return the states at the start of the middle, where the lexical state is ``scan``."""
        return cls(Panel.of(monitors), scan, tuple(monitor.start() for monitor in monitors))

    @property
    def monitors(self) -> tuple[Monitor[Any], ...]:
        """The monitors, the most trusted first."""
        return self.panel.monitors

    def advance(self, data: bytes, view: FactView) -> Watch:
        """Return the states after ``data``."""
        if not data:
            return self
        reached = self._reached.get(data)
        if reached is None or reached[0] is not view:
            reached = self._reached[data] = view, self._behind(data, view)
        return reached[1]

    def _behind(self, data: bytes, view: FactView) -> Watch:
        known = self._judged.get(data)
        if known is not None and known[0] is view:
            return Watch(self.panel, *known[1:])
        text = self.lexed(data)
        states = tuple([m.step(s, text, view)[1] for m, s in zip(self.monitors, self.states, strict=True)])
        return Watch(self.panel, text.after[-1], states)

    def judge(self, data: bytes, view: FactView) -> Judgement:
        """Add up the penalties of ``data``; stops at the first monitor that forbids it."""
        if not self.monitors or not data:
            return CLEAR
        text = self.lexed(data)
        judgement, states, concerns = self._judge(text, view)
        if judgement.penalty != FORBIDDEN:
            self._judged[data] = view, text.after[-1], states, concerns
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
        judgement, *_ = self._judge(Lexed.of(self.scan, suffix[:1], is_suffix=True), view)
        if judgement.penalty == FORBIDDEN or len(suffix) == 1:
            return judgement
        return self._judge(Lexed.of(self.scan, suffix, is_suffix=True), view)[0]

    def _judge(self, text: Lexed[LexicalState], view: FactView) -> tuple[Judgement, tuple[Any, ...], tuple[int, ...]]:
        """Return what the monitors say of ``text``; their states behind it if none forbids it, and what concerns them.

        Monitors that ``text`` does not concern are not asked, nor is it asked again what does.
        """
        total, worst, name = 0.0, 0.0, ""
        objectors = []
        monitors, after = self.panel.monitors, list(self.states)
        said = EVERYTHING if text.is_suffix else bits(text.data)
        concerns = [EVERYTHING] * len(after) if text.is_suffix else self._heard().copy()
        for at, concern in enumerate(concerns):
            if not said & concern:
                continue
            monitor, concerns[at] = monitors[at], EVERYTHING
            penalty, after[at] = monitor.step(after[at], text, view)
            if not penalty:
                continue
            if penalty == FORBIDDEN:
                return Judgement(FORBIDDEN, monitor.name, (monitor.name,)), (), ()
            total += penalty
            objectors.append(monitor.name)
            if penalty < worst:
                worst, name = penalty, monitor.name
        return Judgement(total, name, tuple(objectors)) if name else CLEAR, tuple(after), tuple(concerns)

    def _heard(self) -> list[int]:
        """Return the bytes that concern each monitor here, as ``bits``; who has heard nothing is not asked again."""
        if not self._concerns:
            self._concerns.extend(self.concerns or (EVERYTHING,) * len(self.states))
            for at in self.panel.selective:
                if self._concerns[at] == EVERYTHING:
                    monitor: Any = self.panel.monitors[at]
                    self._concerns[at] = monitor.hears(self.states[at], self.scan)
        return self._concerns

    def of(self, name: str) -> tuple[Monitor[Any], Any] | None:
        """Return the monitor of that name and its state; None if there is none."""
        at = self.panel.places.get(name)
        return None if at is None else (self.panel.monitors[at], self.states[at])

    def penalty_by(self, name: str, data: bytes, view: FactView) -> float:
        """Return what one monitor says of ``data``; 0 if there is none of that name."""
        found = self.of(name)
        return 0.0 if found is None else found[0].step(found[1], self.lexed(data), view)[0]

    def alone(self, name: str) -> Watch:
        """Return the states of the monitor of that name without the others; no states if there is none."""
        found = self.of(name)
        return Watch(Panel.of(()), self.scan, ()) if found is None else Watch(Panel.of(found[:1]), self.scan, found[1:])

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
                return Watch(Panel.of(monitors), self.scan, states), self.monitors[index].name
        return None

    def joined(self, monitor: Monitor[Any]) -> Watch:
        """Return the states with one more monitor, which starts here."""
        monitors = (*self.monitors, monitor)
        return Watch(Panel.of(monitors), self.scan, (*self.states, monitor.start()))

    def continuations(self) -> tuple[Continuations, ...]:
        """Return the finite sets one of which has to come next, one a monitor that has such a set."""
        sets = (m.continuations(s) for m, s in zip(self.monitors, self.states, strict=True))
        return tuple(found for found in sets if found is not None)

    def closed_by(self, name: str) -> Continuations | None:
        """Return the finite set that the monitor of that name knows here, if it does."""
        found = self.of(name)
        return None if found is None else found[0].continuations(found[1])

    def state_of(self, name: str) -> Any:
        """Return the state of the monitor of that name; None if there is none."""
        found = self.of(name)
        return None if found is None else found[1]

    def expected(self, view: FactView) -> Iterator[tuple[str, Expected]]:
        """Yield what is known of the name that comes next, by the facts of ``view``, with the monitor that knows."""
        for at in self.panel.expecting:
            monitor: Any = self.panel.monitors[at]
            yield monitor.name, monitor.expected(self.states[at], view)

    def needs(self) -> tuple[FactKey, ...]:
        """Return the questions whose answers may be wanted soon."""
        monitors = self.panel.monitors
        return tuple([key for at in self.panel.asking for key in monitors[at].needs(self.states[at], self.scan)])

    def missing(self) -> tuple[FactKey, ...]:
        """Return the questions that had no answer when the last text passed their site."""
        monitors = self.panel.monitors
        return tuple([key for at in self.panel.asking for key in monitors[at].missing(self.states[at])])

    def checks(self) -> tuple[Check, ...]:
        """Return the judgements on all names finished so far."""
        return tuple(check for m, s in zip(self.monitors, self.states, strict=True) for check in m.checks(s))
