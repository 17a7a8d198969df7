"""``verifill purge``: remove what is kept of the user's code and habits.

That is everything in the cache folder (jedi's parsed files, indexes, measurements of the machine) and the
statistics.  Settings and trusted folders stay: the user wrote them.  Links are removed, never followed.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import typer

from completion import statistics
from completion.hosts.errors import EngineError
from completion.hosts.run_folder import engines, run_folder
from completion.user_folders import cache_folder
from verifill.errors import BROKEN, Failure
from verifill.terminal import note

_WORDS = {"jedi": "parsed files", "calibration": "measurements of this machine", "compiled": "machine code"}


@dataclass(frozen=True)
class Kept:
    """Something that can be removed.

    Attributes:
        words: What it is.
        path: A file, a folder, or a link to one.
        files: How many files.
        size: Their bytes.
    """

    words: str
    path: Path
    files: int
    size: int


def purge(yes: bool) -> None:
    """Say what there is, ask, and remove it.

    Args:
        yes: Do not ask.

    Raises:
        Failure: Nobody can be asked, or something cannot be removed.
    """
    found = tuple(kept())
    if not found:
        note("nothing is kept")
        return
    for one in found:
        files = f"{one.files} file{'s' * (one.files != 1)}"
        sys.stdout.write(f"{one.words}: {files}, {in_words(one.size)}, {one.path}\n")
    _warn_of_engines()
    if not yes:
        if not sys.stdin.isatty():
            raise Failure("nobody is there to be asked; verifill purge --yes removes this")
        typer.confirm("Remove it?", abort=True)
    for one in found:
        remove(one.path)
    note(f"removed {in_words(sum(one.size for one in found))}")


def kept() -> Iterator[Kept]:
    """Yield what there is."""
    with contextlib.suppress(OSError):
        for path in sorted(cache_folder().iterdir()):
            yield _measured(_WORDS.get(path.name, path.name), path)
    for path in (statistics.newest_file(), statistics.older_file()):
        if os.path.lexists(path):
            yield _measured("statistics", path)


def remove(path: Path) -> None:
    """Remove a file, a folder with all that is in it, or a link without what it leads to.

    Raises:
        Failure: It cannot be removed.
    """
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    except OSError as error:
        raise Failure(f"{error.filename or path} cannot be removed: {error.strerror}", BROKEN) from error


def in_words(size: float) -> str:
    """Return a number of bytes for people.

    >>> in_words(999), in_words(1500), in_words(25_000_000)
    ('999 B', '1.5 kB', '25.0 MB')
    """
    if size < 1000:
        return f"{size:.0f} B"
    for unit in ("kB", "MB"):
        size /= 1000
        if size < 1000:
            return f"{size:.1f} {unit}"
    return f"{size / 1000:.1f} GB"


def _measured(words: str, path: Path) -> Kept:
    files = [path] if path.is_symlink() or not path.is_dir() else list(_below(path))
    return Kept(words, path, len(files), sum(file.lstat().st_size for file in files))


def _below(folder: Path) -> Iterator[Path]:
    for place, _, names in os.walk(folder, followlinks=False):
        yield from (Path(place, name) for name in names)


def _warn_of_engines() -> None:
    """Say that a running engine knows its documents by heart."""
    with contextlib.suppress(EngineError):
        if any(engines(run_folder())):
            note("an engine is running; what it holds in memory goes with verifill engine stop")
