"""Where a definition lives, in words for the certificate: "httpx 0.28.1", "this file", "Python 3.11"."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import jedi
import parso

JEDI_HOMES = tuple(os.path.dirname(os.path.abspath(package.__file__ or "")) for package in (jedi, parso))
JEDI_STUBS = os.path.join("jedi", "third_party", "typeshed", "")


class Origins:
    """Names the origin of definitions in one Python environment."""

    def __init__(self, version: str, folders: Sequence[str]) -> None:
        """Know an environment.

        Args:
            version: Its Python, as in "3.11".
            folders: Its import path; the folders of installed distributions are among them.
        """
        self._python = f"Python {version}"
        self._folders = sorted({os.path.normpath(folder) for folder in folders}, key=len, reverse=True)
        self._distributions: dict[str, dict[str, str]] = {}

    def of(self, value: Any, document: str, workspace: str) -> str:
        """Return the origin of what jedi inferred; for an instance, that of its class."""
        file = value.get_root_context().py__file__()
        if file is None:
            return self._python
        path = os.path.normpath(file)
        if path == os.path.normpath(document):
            return "this file"
        if JEDI_STUBS in path:  # wherever jedi is installed, the workspace's own folder for environments too
            return self._python_or_stub(path)
        return self._installed(path) or ("workspace" if _inside(path, workspace) else self._python_or_stub(path))

    def is_python(self, path: str, workspace: str) -> bool:
        """Whether a file belongs to Python itself, or is a stub that jedi brings."""
        mine = self._installed(path) is not None or _inside(path, workspace)
        return JEDI_STUBS in path or (not mine and any(_inside(path, folder) for folder in self._folders))

    def is_intruder(self, value: Any) -> bool:
        """Whether this is jedi or parso themselves, which jedi's helper finds although they are not installed there."""
        file = value.get_root_context().py__file__()
        path = os.path.normpath(file) if file is not None else ""
        return is_jedi(path) and not any(_inside(path, folder) for folder in self._folders)

    def _installed(self, path: str) -> str | None:
        """Return distribution and version of a file in an import folder that holds installed ones."""
        for folder in self._folders:
            if _inside(path, folder):
                top = os.path.relpath(path, folder).split(os.sep)[0]
                return self._of_folder(folder).get(top.partition(".")[0])
        return None

    def _of_folder(self, folder: str) -> dict[str, str]:
        if folder not in self._distributions:
            self._distributions[folder] = _distributions(folder)
        return self._distributions[folder]

    def _python_or_stub(self, path: str) -> str:
        """Name what is neither installed nor the user's: the standard library, or a stub that jedi brings."""
        if JEDI_STUBS in path and f"{os.sep}stubs{os.sep}" in path:
            return "stub of " + path.split(f"{os.sep}stubs{os.sep}")[1].split(os.sep)[0]
        if JEDI_STUBS in path or any(_inside(path, folder) for folder in self._folders):
            return self._python
        return Path(path).name


def is_jedi(path: str) -> bool:
    """Whether a file belongs to the jedi or parso that run here; the stubs that jedi brings do not count."""
    return any(_inside(path, home) for home in JEDI_HOMES) and JEDI_STUBS not in path


def _inside(path: str, folder: str) -> bool:
    return bool(folder) and path.startswith(os.path.normpath(folder).rstrip(os.sep) + os.sep)


def _distributions(folder: str) -> dict[str, str]:
    """Return "name version" by top-level module for the distributions installed in ``folder``."""
    found: dict[str, str] = {}
    for distribution in metadata.distributions(path=[folder]):
        label = f"{distribution.metadata['Name']} {distribution.version}"
        for top in _top_levels(distribution):
            found.setdefault(top, label)
    return found


def _top_levels(distribution: metadata.Distribution) -> set[str]:
    listed = distribution.read_text("top_level.txt")
    if listed:
        return set(listed.split())
    record = distribution.read_text("RECORD") or ""
    firsts = (line.partition(",")[0].partition("/")[0] for line in record.splitlines())
    return {first.partition(".")[0] for first in firsts if not first.endswith((".dist-info", ".data"))}
