"""What a project asks of the monitors: ``[tool.verifill]`` in its pyproject.toml, or its verifill.toml.

::

    [tool.verifill]
    secrets = true                                      # refuse literals that look like keys
    typestate = ["files", "locks", "rules/queue.toml"]  # automata: built in, or files of the project

    [tool.verifill.banned]                              # name = what to use instead, or ""
    "os.system" = "subprocess.run"
    eval = ""

In verifill.toml the keys stand without ``tool.verifill``.  The other keys of that table are ``completion.settings``.
A value that cannot be used is left out, and one line says which and what holds instead: a project's settings never
stop a completion.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from completion.settings.files import SettingsFile, project_file
from monitors.automata import BUILT_IN, AutomatonError, read_automaton
from monitors.options import Automaton, Ban, Options


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
    """Return what the project at ``workspace`` and the user ask of the monitors."""
    return replace(project_settings(workspace).options, strictness=strictness)


def project_settings(workspace: str) -> ProjectSettings:
    """Return what the project at ``workspace`` asks, and what is wrong with that."""
    file = project_file(Path(workspace))
    return ProjectSettings() if file is None else settings_in(file)


@lru_cache(maxsize=64)
def settings_in(file: SettingsFile) -> ProjectSettings:
    """Return the settings in a file."""
    return _from_table(file.values, file.path)


def _from_table(table: Mapping[str, object], path: Path) -> ProjectSettings:
    options, problems = Options(), []
    for key, read in _READERS.items():
        if key not in table:
            continue
        try:
            found, wrong = read(table[key], path.parent)
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
KEYS: Final = frozenset(_READERS)
_FIELDS = {"typestate": "automata"}
_DEFAULTS = {
    "secrets": "keys are not looked for",
    "banned": "nothing is banned",
    "typestate": "no typestate is watched",
}
