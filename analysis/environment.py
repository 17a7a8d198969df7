"""Which Python interpreter the user's code runs on.

Asking an interpreter means executing it, so one is only ever taken from the user: named on the
command line, in the variables of an activated environment, or lying in a workspace that the user
trusts.  Verifill's own environment is never it: its packages would pose as the user's.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

VARIABLES = ("VIRTUAL_ENV", "CONDA_PREFIX")
WORKSPACE_FOLDERS = (".venv", "venv")


def find_environment(
    workspace: Path, trusted: bool, chosen: str = "", variables: Mapping[str, str] | None = None
) -> str:
    """Return the absolute path of the user's interpreter, or "" for the standard library alone.

    Args:
        workspace: The project folder.
        trusted: Whether the user trusts what lies in it.
        chosen: An interpreter, or the folder of an environment, named by the user; "" to look for one.
        variables: Environment variables; the process's own by default.

    Raises:
        ValueError: ``chosen`` is no interpreter, or is Verifill's own.
    """
    if chosen:
        return _chosen(Path(chosen).expanduser())
    variables = os.environ if variables is None else variables
    folders = [Path(variables[name]) for name in VARIABLES if variables.get(name)]
    if trusted:
        folders += [workspace / name for name in WORKSPACE_FOLDERS]
    found = (python for folder in folders if (python := interpreter_in(folder)) and not is_own(folder))
    return str(next(found, ""))


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
