"""Which Python interpreter the user's code runs on.

Asking an interpreter means executing it, so one is only ever taken from the user: named on the
command line, in the variables of an activated environment, or lying in a workspace that the user
trusts.  Verifill's own environment is never it: its packages would pose as the user's.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

VARIABLES = ("VIRTUAL_ENV", "CONDA_PREFIX")
WORKSPACE_FOLDERS = (".venv", "venv")


@dataclass(frozen=True)
class Interpreter:
    """The user's interpreter, and how it was found.

    Attributes:
        path: Absolute; "" for the standard library alone.
        why: Where it comes from, or why there is none; one line for users.
        untrusted: An environment of the workspace that was passed over, because the user does not trust it; or "".
    """

    path: str
    why: str
    untrusted: str = ""


@dataclass(frozen=True)
class Choice:
    """An interpreter, or the folder of an environment, that the user has named.

    Attributes:
        path: Relative ones count from the workspace; "" for none.
        by: Where it was named; one line for users.
    """

    path: str = ""
    by: str = "chosen"


def find_environment(
    workspace: Path, trusted: bool, chosen: Choice = Choice(), variables: Mapping[str, str] | None = None
) -> Interpreter:
    """Return the user's interpreter.

    Args:
        workspace: The project folder.
        trusted: Whether the user trusts what lies in it.
        chosen: What the user has named.
        variables: Environment variables; the process's own by default.

    Raises:
        ValueError: What was named is no interpreter, or is Verifill's own.
    """
    if chosen.path:
        return Interpreter(_chosen(workspace / Path(chosen.path).expanduser()), chosen.by)
    variables = os.environ if variables is None else variables
    active = [(name, Path(folder)) for name in VARIABLES if (folder := variables.get(name))]
    for why, path in _usable(active):
        return Interpreter(path, why)
    for name, path in _usable((name, workspace / name) for name in WORKSPACE_FOLDERS):
        if trusted:
            return Interpreter(path, f"the workspace's {name}")
        return Interpreter("", f"the workspace's {name} is not run before you trust the workspace", path)
    return Interpreter("", "none was named, activated or found")


def _usable(folders: Iterable[tuple[str, Path]]) -> Iterator[tuple[str, str]]:
    """Yield those folders' interpreters that are not Verifill's own, by name."""
    for name, folder in folders:
        if (python := interpreter_in(folder)) is not None and not is_own(folder):
            yield name, str(python)


def interpreter_in(folder: Path) -> Path | None:
    """Return the interpreter of a virtual or conda environment, or None if there is none."""
    places = ("Scripts/python.exe", "python.exe") if os.name == "nt" else ("bin/python", "bin/python3")
    return next((absolute(folder / place) for place in places if is_program(folder / place)), None)


def is_own(folder: Path) -> bool:
    """Whether ``folder`` is the environment that Verifill itself is installed in."""
    return sys.prefix != sys.base_prefix and os.path.realpath(folder) == os.path.realpath(sys.prefix)


def is_program(path: Path) -> bool:
    """Whether ``path`` is a file that may be executed."""
    return path.is_file() and os.access(path, os.X_OK)


def absolute(path: Path) -> Path:
    """Return ``path`` from the root, links kept: an environment's interpreter is often a link out of it."""
    return Path(os.path.abspath(path))


def _chosen(path: Path) -> str:
    python = interpreter_in(path) if path.is_dir() else path
    if python is None:
        raise ValueError(f"{path} holds no Python environment; name an interpreter or its environment's folder")
    if not is_program(python):
        raise ValueError(f"{path} is not a program that can be run; name a Python interpreter")
    if is_own(python.parent.parent):
        raise ValueError(f"{path} is Verifill's own environment; name the interpreter of your project")
    return str(absolute(python))
