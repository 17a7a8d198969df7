"""What a project asks of the monitors: ``[tool.verifill]`` in its pyproject.toml, or its verifill.toml.

::

    [tool.verifill]
    secrets = true                                      # refuse literals that look like keys
    typestate = ["files", "locks", "rules/queue.toml"]  # automata: built in, or files of the project

    [tool.verifill.banned]                              # name = what to use instead, or ""
    "os.system" = "subprocess.run"
    eval = ""

In verifill.toml the keys stand without ``tool.verifill``.  A value that cannot be used is left out,
and one line says which and what holds instead: a project's settings never stop a completion.
"""

from __future__ import annotations

import logging
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from monitors.automata import BUILT_IN, AutomatonError, read_automaton
from monitors.options import Automaton, Ban, Options

FILES = (("verifill.toml", ()), ("pyproject.toml", ("tool", "verifill")))
"""Where settings are looked for, and the table that they stand in; the first file that has some counts."""

# A file of the workspace is not trusted: nobody writes settings as long as that.
MOST_BYTES = 1_000_000

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ProjectSettings:
    """Settings of a project.

    Attributes:
        options: What it asks of the monitors.
        problems: One line for each value that cannot be used.
    """

    options: Options = Options()
    problems: tuple[str, ...] = ()


def options_of(workspace: str, strictness: float) -> Options:
    """Return what the project at ``workspace`` and the user ask of the monitors; problems are logged once."""
    for name, _ in FILES:
        path = Path(workspace) / name
        try:
            stat = path.stat()
        except OSError:
            continue
        if path.is_file() and stat.st_size <= MOST_BYTES:
            settings = _read(path, stat.st_mtime_ns)
            if settings is not None:
                return replace(settings.options, strictness=strictness)
    return Options(strictness)


@lru_cache(maxsize=64)
def _read(path: Path, version: int) -> ProjectSettings | None:
    """Read a file as it was at ``version``; None if it has no settings."""
    settings = read_settings(path)
    for problem in settings.problems if settings else ():
        logger.warning("%s", problem)
    return settings


def read_settings(path: Path) -> ProjectSettings | None:
    """Read the settings in a file; None if it has none."""
    try:
        table: Any = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        return ProjectSettings(problems=(f"{path.name}: {error}; the project's settings are not used",))
    for key in dict(FILES)[path.name]:
        table = table.get(key) if isinstance(table, Mapping) else None
    if table is None:
        return None
    if not isinstance(table, Mapping):
        return ProjectSettings(problems=(f"{path.name}: tool.verifill is no table; it is not used",))
    return _from_table(table, path)


def _from_table(table: Mapping[str, Any], path: Path) -> ProjectSettings:
    options, problems = Options(), []
    for key, value in table.items():
        if key not in _READERS:
            problems.append(f"{path.name}: unknown key {key!r}; known are {', '.join(_READERS)}")
            continue
        try:
            found, wrong = _READERS[key](value, path.parent)
        except ValueError as error:
            problems.append(f"{path.name}: {key}: {error}; {_DEFAULTS[key]}")
            continue
        options = replace(options, **{_FIELDS.get(key, key): found})
        problems += [f"{path.name}: {key}: {problem}; this entry is left out" for problem in wrong]
    return ProjectSettings(options, tuple(problems))


# Readers return a value, and what is wrong with entries that they have left out of it.


def _secrets(value: Any, folder: Path) -> tuple[bool, list[str]]:
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is neither true nor false")
    return value, []


def _banned(value: Any, folder: Path) -> tuple[tuple[Ban, ...], list[str]]:
    if not isinstance(value, Mapping):
        raise ValueError('write a table of names, each with what to use instead: "os.system" = "subprocess.run"')
    bans, wrong = [], []
    for name, instead in value.items():
        if not all(part.isidentifier() for part in name.split(".")):
            wrong.append(f"{name!r} is not a name; quote dotted ones")
        elif not isinstance(instead, str):
            wrong.append(f'the value of {name} is not a text; "" if there is nothing to use instead')
        else:
            bans.append(Ban(name, instead))
    return tuple(bans), wrong


def _typestate(value: Any, folder: Path) -> tuple[tuple[Automaton, ...], list[str]]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise ValueError(f"write a list of names of built-in automata ({', '.join(BUILT_IN)}) or of TOML files")
    automata, wrong = [], []
    for name in value:
        try:
            automata.append(_automaton(name, folder))
        except ValueError as error:
            wrong.append(str(error))
    return tuple(automata), wrong


def _automaton(name: str, folder: Path) -> Automaton:
    path = BUILT_IN.get(name)
    if path is None:
        path = (folder / name).resolve()
        if not name.endswith(".toml") or not path.is_relative_to(folder.resolve()) or not path.is_file():
            raise ValueError(f"{name!r} is neither one of {', '.join(BUILT_IN)} nor a TOML file of the project")
    try:
        return read_automaton(path)
    except AutomatonError as error:
        raise ValueError(str(error)) from error


_READERS: Mapping[str, Callable[[Any, Path], tuple[Any, list[str]]]] = {
    "secrets": _secrets,
    "banned": _banned,
    "typestate": _typestate,
}
_FIELDS = {"typestate": "automata"}
_DEFAULTS = {
    "secrets": "keys are not looked for",
    "banned": "nothing is banned",
    "typestate": "no typestate is watched",
}
