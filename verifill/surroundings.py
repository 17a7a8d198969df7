"""Where the user's code lives: its project folder and its interpreter."""

from __future__ import annotations

from pathlib import Path

from completion.workspace import nearest_project
from verifill.errors import Failure


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


def interpreter_for(workspace: Path, chosen: str | None, trust: bool) -> str:
    """Return the user's interpreter, or "" for the standard library alone.

    Raises:
        Failure: ``chosen`` cannot be used.
    """
    from analysis.environment import find_environment

    try:
        return find_environment(workspace, trust, chosen or "")
    except ValueError as error:
        raise Failure(f"--python: {error}") from error
