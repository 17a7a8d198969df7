"""The project folder that a file belongs to."""

from __future__ import annotations

import os
from pathlib import Path

# What marks the top folder of a project; the nearest one wins.
PROJECT_MARKS = (".git", "pyproject.toml", "setup.py", "setup.cfg")


def nearest_project(path: Path) -> Path:
    """Return the nearest folder above ``path`` with a project file, or the file's own folder.

    Neither need exist, and a folder that must not be looked into has no project file.
    """
    for folder in path.parents:
        if any(os.path.exists(folder / mark) for mark in PROJECT_MARKS):
            return folder
    return path.parent
