"""The monitors by name, and which of them a language has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from analysis.facts import BaseDocument, FactKey
from analysis.languages import PYTHON, Language
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
from monitors.parameters import Parameters
from monitors.policy import policies
from monitors.questions import nearby
from monitors.repetition import Repetition
from monitors.scope import Scope
from monitors.source_brackets import SourceBrackets
from monitors.source_calls import SourceCalls
from monitors.source_dereference import SourceDereference
from monitors.source_dereference import nearby as members_nearby
from monitors.source_viability import SourceViability
from monitors.stop import StopPolicy
from monitors.stop_plain import PlainStop
from monitors.stop_source import SourceStop
from monitors.stopping import Stopping
from monitors.strength import load
from monitors.typed_margin import TypedMargin
from monitors.typestate import Typestate
from monitors.usage import Usage
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
    "parameters": Parameters,
    "indentation": Indentation,
    "margins": Margins,
    "dot": Dot,
    "one_line": OneLine,
    "usage": Usage,
    "repetition": Repetition,
    "imports": lambda site: Imports(site, load(site.options.strictness)),
    "scope": lambda site: Scope(site, load(site.options.strictness)),
    "dereference": lambda site: Dereference(site, load(site.options.strictness)),
    "calls": lambda site: Calls(site, load(site.options.strictness)),
    "formats": lambda site: Formats(site, load(site.options.strictness)),
    "exceptions": lambda site: Exceptions(site, load(site.options.strictness)),
    "members": lambda site: Members(site, load(site.options.strictness)),
}
"""Those of Python, the most trusted first: when nothing is legal, the last one that is not sound stands down."""

PROJECT: dict[str, Callable[[Site], tuple[Monitor[Any], ...]]] = {
    "typestate": lambda site: (Typestate(site),) if site.options.automata else (),
    "policy": policies,
}
"""Monitors of what the project asks for, none if it asks for nothing."""

INSPECTORS: dict[str, Callable[[Site], Viability]] = {"viability": Viability}
"""What looks at finished lines, not at each token."""

NAMES = (*FACTORIES, *PROJECT, *INSPECTORS)
"""All there are; of those, a language has some."""

DEFAULT = NAMES


@dataclass(frozen=True)
class Rulebook:
    """What is looked at in documents of a language.

    Attributes:
        factories: Monitors by name, the most trusted first.
        project: Monitors of what the project asks for.
        inspectors: What looks at finished lines.
        stop: When the middle is finished; is told whether more than one line is wanted.
        ahead: What is worth asking about a document before anything is written.
    """

    factories: Mapping[str, Callable[[Site[Any]], Monitor[Any]]]
    project: Mapping[str, Callable[[Site[Any]], tuple[Monitor[Any], ...]]]
    inspectors: Mapping[str, Callable[[Site[Any]], Viability | SourceViability]]
    stop: Callable[[Site[Any], bool], Stopping]
    ahead: Callable[[BaseDocument], tuple[FactKey, ...]]


_ANY: dict[str, Callable[[Site[Any]], Monitor[Any]]] = {
    "heal": Heal,
    "utf8": Utf8,
    "margins": TypedMargin,
    "repetition": Repetition,
}
"""What needs to know nothing of a language."""

_PLAIN = Rulebook(_ANY, {"policy": policies}, {}, PlainStop, lambda document: ())
_SOURCE = Rulebook(
    {
        "heal": Heal,
        "utf8": Utf8,
        "brackets": SourceBrackets,
        "margins": TypedMargin,
        "repetition": Repetition,
        "dereference": lambda site: SourceDereference(site, load(site.options.strictness)),
        "calls": lambda site: SourceCalls(site, load(site.options.strictness)),
    },
    {"policy": policies},
    {"viability": SourceViability},
    SourceStop,
    members_nearby,
)


def rulebook_of(language: Language) -> Rulebook:
    """Return what is looked at in documents of a language: all that its row of the table allows."""
    if language is PYTHON:
        return Rulebook(FACTORIES, PROJECT, INSPECTORS, StopPolicy, nearby)
    return _SOURCE if language.lexis.brackets else _PLAIN


def build(names: tuple[str, ...] | None, site: Site[Any]) -> tuple[Monitor[Any], ...]:
    """Make the monitors of one request, in the order of its rulebook.

    Args:
        names: Which, those of ``ALWAYS`` in any case; None for ``DEFAULT``.  What the language has not is passed over.
        site: Where.

    Raises:
        ValueError: There is no monitor of that name.
    """
    wanted = DEFAULT if names is None else names
    for name in wanted:
        if name not in NAMES:
            raise ValueError(f"unknown monitor {name!r}; known are {', '.join(NAMES)}")
    book = rulebook_of(site.language)
    general = (make(site) for name, make in book.factories.items() if name in wanted or name in ALWAYS)
    return (*general, *(monitor for name, make in book.project.items() if name in wanted for monitor in make(site)))


def inspector(names: tuple[str, ...] | None, site: Site[Any]) -> Viability | SourceViability | None:
    """Make what looks at finished lines, or None if it is not among the names."""
    wanted = DEFAULT if names is None else names
    book = rulebook_of(site.language)
    return next((make(site) for name, make in book.inspectors.items() if name in wanted), None)
