"""The folders that the user trusts: programs that lie in them, such as a project's own Python, may be run.

They stand in a file that only the user can write, ``trusted.json`` in the folder for configuration, one absolute
path each without links.  Trust holds for what lies below, too.
"""

from __future__ import annotations

import json
import os
import stat
import tempfile
from pathlib import Path

from completion.user_folders import config_folder


class TrustError(Exception):
    """The list cannot be used; the message says why, and what to do."""


def trusted_folders() -> tuple[Path, ...]:
    """Return the folders in the order of their names.

    Raises:
        TrustError: Somebody else may have written the list, or it is none.
    """
    path = _list()
    try:
        with open(path, encoding="utf-8") as file:
            _check_owner(path, os.fstat(file.fileno()))
            folders = json.load(file)
    except FileNotFoundError:
        return ()
    except (OSError, ValueError) as error:
        raise TrustError(f"{path} cannot be read ({error}); mend or remove it") from error
    if not isinstance(folders, list) or not all(isinstance(folder, str) for folder in folders):
        raise TrustError(f"{path} is not a list of folders; mend or remove it")
    return tuple(sorted(Path(folder) for folder in folders))


def is_trusted(folder: str | Path) -> bool:
    """Whether a folder lies in one that the user trusts; a list that cannot be used trusts nothing."""
    try:
        trusted = trusted_folders()
    except TrustError:
        return False
    real = Path(os.path.realpath(folder))
    return any(real.is_relative_to(other) for other in trusted)


def trust(folder: Path) -> Path:
    """Trust a folder and return it as it is listed.

    Raises:
        TrustError: It is none, or the list cannot be read or written.
    """
    if not folder.is_dir():
        raise TrustError(f"{folder} is not a folder")
    real = Path(os.path.realpath(folder))
    _write({*trusted_folders(), real})
    return real


def distrust(folder: Path) -> bool:
    """Take a folder off the list, and return whether it was there.

    Raises:
        TrustError: The list cannot be read or written.
    """
    trusted, real = trusted_folders(), Path(os.path.realpath(folder))
    _write(set(trusted) - {real})
    return real in trusted


def _list() -> Path:
    return config_folder() / "trusted.json"


def _check_owner(path: Path, found: os.stat_result) -> None:
    if os.name == "nt":
        return
    if found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o022:
        raise TrustError(f"{path} may be written by others; remove it, or give it to yourself with mode 0600")


def _write(folders: set[Path]) -> None:
    """Write the list, all of it or nothing, for the user's eyes only."""
    path = _list()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(sorted(map(str, folders)), file, indent=1)
        os.replace(name, path)
    except OSError as error:
        raise TrustError(f"{path} cannot be written: {error.strerror}") from error
