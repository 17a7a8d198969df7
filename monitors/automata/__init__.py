"""Automata for the typestate monitor: those that come along, and how a file of one is read.

A file names what makes an object and in which state it is then, and for each state the methods that
may be called in it, each with the state behind it; ``with`` calls ``__enter__`` and ``__exit__``::

    name = "files"
    hard = false

    [created]
    open = "open"

    [states.open]
    read = "open"
    close = "closed"

    [states.closed]
    close = "closed"

A method that no state speaks of may be called at any time and changes nothing.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from monitors.options import Automaton

BUILT_IN: Mapping[str, Path] = {path.stem: path for path in sorted(Path(__file__).parent.glob("*.toml"))}
"""Files by name."""

MOST_BYTES = 100_000


class AutomatonError(ValueError):
    """A file does not describe an automaton."""


def read_automaton(path: Path) -> Automaton:
    """Read an automaton.

    Raises:
        AutomatonError: The file describes none; the message says what is wrong where.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise AutomatonError(f"{path.name} is longer than {MOST_BYTES} bytes")
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise AutomatonError(f"{path.name}: {error}") from error
    name, hard = table.get("name", path.stem), table.get("hard", False)
    if not isinstance(name, str) or not isinstance(hard, bool):
        raise AutomatonError(f"{path.name}: name has to be a text, hard true or false")
    states = _table(table, "states", path)
    known = {state: _texts(methods, f"states.{state}", path) for state, methods in states.items()}
    automaton = Automaton(name, _texts(_table(table, "created", path), "created", path), known, hard)
    targets = {*automaton.created.values(), *(after for methods in known.values() for after in methods.values())}
    if missing := targets - set(known):
        raise AutomatonError(f"{path.name}: no table [states.{min(missing)}] says what may be called in that state")
    return automaton


def _table(table: Mapping[str, Any], key: str, path: Path) -> Mapping[str, Any]:
    found = table.get(key)
    if not isinstance(found, Mapping) or not found:
        raise AutomatonError(f"{path.name}: the table [{key}] is missing")
    return found


def _texts(table: Any, key: str, path: Path) -> Mapping[str, str]:
    if not isinstance(table, Mapping) or not all(isinstance(value, str) for value in table.values()):
        raise AutomatonError(f"{path.name}: [{key}] has to give a state for each name")
    return dict(table)
