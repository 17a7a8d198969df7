"""The monitors by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from monitors.base import Monitor, Site
from monitors.brackets import Brackets
from monitors.call_syntax import CallSyntax
from monitors.calls import Calls
from monitors.dereference import Dereference
from monitors.dot import Dot
from monitors.exceptions import Exceptions
from monitors.formats import Formats
from monitors.heal import Heal
from monitors.imports import Imports
from monitors.indentation import Indentation
from monitors.lexical import Lexical
from monitors.margins import Margins
from monitors.members import Members
from monitors.one_line import OneLine
from monitors.policy import policies
from monitors.repetition import Repetition
from monitors.scope import Scope
from monitors.strength import load
from monitors.typestate import Typestate
from monitors.utf8 import Utf8
from monitors.viability import Viability

ALWAYS = frozenset(("heal", "utf8"))
"""Without them the typed part would not be kept, or the middle would not be text."""

FACTORIES: dict[str, Callable[[Site], Monitor[Any]]] = {
    "heal": Heal,
    "utf8": Utf8,
    "lexical": Lexical,
    "brackets": Brackets,
    "call_syntax": CallSyntax,
    "indentation": Indentation,
    "margins": Margins,
    "dot": Dot,
    "one_line": OneLine,
    "repetition": Repetition,
    "imports": lambda site: Imports(site, load(site.options.strictness)),
    "scope": lambda site: Scope(site, load(site.options.strictness)),
    "dereference": lambda site: Dereference(site, load(site.options.strictness)),
    "calls": lambda site: Calls(site, load(site.options.strictness)),
    "formats": lambda site: Formats(site, load(site.options.strictness)),
    "exceptions": lambda site: Exceptions(site, load(site.options.strictness)),
    "members": lambda site: Members(site, load(site.options.strictness)),
}
"""The most trusted first: when nothing is legal, the last one that is not sound stands down."""

PROJECT: dict[str, Callable[[Site], tuple[Monitor[Any], ...]]] = {
    "typestate": lambda site: (Typestate(site),) if site.options.automata else (),
    "policy": policies,
}
"""Monitors of what the project asks for, none if it asks for nothing."""

INSPECTORS: dict[str, Callable[[Site], Viability]] = {"viability": Viability}
"""What looks at finished lines, not at each token."""

NAMES = (*FACTORIES, *PROJECT, *INSPECTORS)

DEFAULT = NAMES


def build(names: tuple[str, ...] | None, site: Site) -> tuple[Monitor[Any], ...]:
    """Make the monitors of one request, in the order of ``FACTORIES``.

    Args:
        names: Which, those of ``ALWAYS`` in any case; None for ``DEFAULT``.
        site: Where.

    Raises:
        ValueError: There is no monitor of that name.
    """
    wanted = DEFAULT if names is None else names
    for name in wanted:
        if name not in NAMES:
            raise ValueError(f"unknown monitor {name!r}; known are {', '.join(NAMES)}")
    general = (make(site) for name, make in FACTORIES.items() if name in wanted or name in ALWAYS)
    return (*general, *(monitor for name, make in PROJECT.items() if name in wanted for monitor in make(site)))


def inspector(names: tuple[str, ...] | None, site: Site) -> Viability | None:
    """Make what looks at finished lines, or None if it is not among the names."""
    wanted = DEFAULT if names is None else names
    return next((make(site) for name, make in INSPECTORS.items() if name in wanted), None)
