"""The source files of a workspace, found with bounded work and without following links.

For what is built from a whole project in the background; runs in worker processes.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from analysis.languages import LANGUAGES, Blocks

# What is made by tools or is not the project's own.
SKIPPED_FOLDERS = frozenset({"node_modules", "site-packages", "venv", "env", "build", "dist", "__pycache__"})

# Written by tools as often as by people, and long.
_DATA: Final = frozenset({"jsonc", "yaml"})

SUFFIXES: Final = tuple(
    suffix
    for row in LANGUAGES
    if row.comment and row.blocks is not Blocks.NONE and row.id not in _DATA
    for suffix in row.suffixes
)
"""Ends of the names of files that hold statements."""

# Work that a workspace may cost, however large it is: entries looked at, bytes of a file, files.
MOST_ENTRIES = 50_000
MOST_FILE_BYTES = 400_000
MOST_FILES = 5_000


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file as it was when it was looked at.

    Attributes:
        path: Absolute path.
        mtime_ns: Time of its last change.
        size: Bytes.
    """

    path: str
    mtime_ns: int
    size: int

    def is_current(self) -> bool:
        """Whether the file is still the same, as far as time and size tell."""
        try:
            found = os.stat(self.path, follow_symlinks=False)
        except OSError:
            return False
        return (found.st_mtime_ns, found.st_size) == (self.mtime_ns, self.size)


def source_files(root: str, left_out: Callable[[str], bool]) -> list[SourceFile]:
    """Return the files below a folder, the ones changed last first.

    Hidden folders, links and what is larger than a person writes are passed over.

    Args:
        root: Absolute path of the folder.
        left_out: Whether a path must not be read.
    """
    found = [
        SourceFile(entry.path, info.st_mtime_ns, info.st_size)
        for entry, info in _files(root)
        if entry.name.lower().endswith(SUFFIXES) and 0 < info.st_size <= MOST_FILE_BYTES and not left_out(entry.path)
    ]
    found.sort(key=lambda file: (-file.mtime_ns, file.path))
    return found[:MOST_FILES]


def _files(root: str) -> Iterator[tuple[os.DirEntry[str], os.stat_result]]:
    """Yield regular files breadth first, until so many entries have been looked at that it is enough."""
    folders, seen = [root], 0
    while folders:
        deeper: list[str] = []
        for folder in folders:
            for entry in _entries(folder):
                seen += 1
                if seen > MOST_ENTRIES:
                    return
                if entry.is_dir(follow_symlinks=False):
                    if not entry.name.startswith(".") and entry.name not in SKIPPED_FOLDERS:
                        deeper.append(entry.path)
                elif (info := _regular(entry)) is not None:
                    yield entry, info
        folders = deeper


def _entries(folder: str) -> list[os.DirEntry[str]]:
    """Return what is in a folder, by name; nothing if it cannot be read."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return []


def _regular(entry: os.DirEntry[str]) -> os.stat_result | None:
    try:
        info = entry.stat(follow_symlinks=False)
    except OSError:
        return None
    return info if stat.S_ISREG(info.st_mode) else None
