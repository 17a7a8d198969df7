"""What a user, or his project, asks of the monitors.  All are immutable values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Ban:
    """A name that must not be used.

    Attributes:
        name: A name, dotted if it belongs to a module: ``eval``, ``os.system``, ``telnetlib``.
        instead: What to use, for the message; "" if there is nothing.
    """

    name: str
    instead: str = ""


@dataclass(frozen=True)
class Automaton:
    """What may be called on an object, depending on what was called before.

    Attributes:
        name: For messages: ``files``.
        created: Calls that make such an object, as they are written, each with the state it is in then.
        states: For each state, the methods that may be called in it and the state behind each.
        hard: What may not be called is forbidden; else it is only made unlikely.
    """

    name: str
    created: Mapping[str, str]
    states: Mapping[str, Mapping[str, str]]
    hard: bool = False

    @property
    def methods(self) -> frozenset[str]:
        """The methods that the automaton speaks of; others change nothing."""
        return frozenset(method for allowed in self.states.values() for method in allowed)


@dataclass(frozen=True)
class Options:
    """Wishes.

    Attributes:
        strictness: Factor on measured penalties: 1 is what was measured, 0 switches them off.
        banned: Names that must not be used.
        secrets: Whether literals that look like keys and tokens are refused.
        automata: What ``typestate`` watches.
    """

    strictness: float = 1.0
    banned: tuple[Ban, ...] = ()
    secrets: bool = False
    automata: tuple[Automaton, ...] = ()

    def banned_of(self, owner: str) -> frozenset[str]:
        """Return the names of ``owner``, a module as it is written, that must not be used; "" for plain names."""
        parted = (ban.name.rpartition(".") for ban in self.banned)
        return frozenset(last for path, _, last in parted if path == owner)
