"""Where the user's code lives: its project folder, and what the user wants there."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from completion.workspace import nearest_project
from verifill.errors import Failure
from verifill.terminal import note

if TYPE_CHECKING:
    from completion.settings.holding import Holding


def workspace_of(path: Path, chosen: Path | None) -> Path:
    """Return the project folder of a file.

    Args:
        path: The file, absolute.
        chosen: A folder that the user named; None for the nearest one with a project file, or
            the file's own.

    Raises:
        Failure: ``chosen`` is no folder.
    """
    if chosen is not None:
        if not chosen.is_dir():
            raise Failure(f"--workspace {chosen} is not a folder")
        return chosen.resolve()
    return nearest_project(path)


def holding_at(
    workspace: Path, python: str | None, trust: bool, command: Mapping[str, object] | None = None
) -> Holding:
    """Return what holds in a workspace; what is wrong with settings is said on standard error, once.

    Args:
        workspace: The project folder.
        python: The interpreter named on the command line.
        trust: Whether the command line trusts the workspace, which a list of the user's may do as well.
        command: The command line's other settings.

    Raises:
        Failure: ``python`` cannot be used.
    """
    from completion.settings import Layer, Level
    from completion.settings.holding import holding
    from completion.trust import is_trusted

    values = {"python": interpreter(python), **(command or {})}
    held = holding(workspace, trust or is_trusted(workspace), [Layer("the command line", Level.COMMAND, values)])
    for problem in held.problems:
        say_once(problem)
    return held


@cache
def say_once(problem: str) -> None:
    """Say what is wrong with the settings."""
    note(problem)


def interpreter(chosen: str | None) -> str | None:
    """Return the interpreter that the command line names, from the root; it counts from the working directory.

    Raises:
        Failure: It cannot be used.
    """
    from analysis.environment import Choice, find_environment

    if not chosen:
        return None
    try:
        return find_environment(Path(), False, Choice(chosen)).path
    except ValueError as error:
        raise Failure(f"--python: {error}") from error
