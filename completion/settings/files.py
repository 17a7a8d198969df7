"""Settings files: a project's and the user's own.  They are read again when they change, and hold no surprises.

A project's is its verifill.toml, else ``[tool.verifill]`` in its pyproject.toml; there also stands what it asks
of the monitors (``completion.project``).  The user's is verifill.toml in the folder for configuration.
"""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from completion.user_folders import config_folder

NAME: Final = "verifill.toml"
FILES: Final = ((NAME, ()), ("pyproject.toml", ("tool", "verifill")))
"""Where a project's settings are looked for, and the table that they stand in; the first file that has some counts."""

# A file of the workspace is not trusted: nobody writes settings as long as that.
MOST_BYTES: Final = 1_000_000


@dataclass(frozen=True)
class SettingsFile:
    """A file with settings, as it was read.

    Attributes:
        path: The file.
        name: As users know it.
        version: Changes when it is written again, or gets another mode.
        values: What stands in it.
        problems: Why nothing of it can be used; nothing if it can.
    """

    path: Path
    name: str
    version: tuple[int, ...]
    values: Mapping[str, object] = field(default_factory=dict, compare=False)
    problems: tuple[str, ...] = ()


def project_file(folder: Path) -> SettingsFile | None:
    """Return the settings of the project at ``folder``, or None if it has none."""
    found = (_current(os.path.join(folder, name), name, table) for name, table in FILES)
    return next((file for file in found if file is not None), None)


def user_file() -> SettingsFile | None:
    """Return the user's own settings, or None if there are none."""
    return _current(os.path.join(config_folder(), NAME), f"your {NAME}", ())


def _current(path: str, name: str, table: tuple[str, ...]) -> SettingsFile | None:
    """Return a file as it is now; None if there is none, or it has no such table."""
    try:
        found = os.stat(path)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    except OSError as error:
        return _unusable(path, name, (), _unread(error))
    version = (found.st_mtime_ns, found.st_ctime_ns, found.st_size)
    if odd := _oddity(found):
        # Nothing says that such a pyproject.toml is about us.
        return None if table else _unusable(path, name, version, odd)
    return _read(path, name, version, table)


def _oddity(found: os.stat_result) -> str:
    """Return why nobody wrote settings into a file; "" where somebody may have."""
    if stat.S_ISDIR(found.st_mode):
        return "is a folder, not a file; rename or remove it"
    if not stat.S_ISREG(found.st_mode):
        return "is a pipe or a device, not a file; rename or remove it"
    if found.st_size > MOST_BYTES:
        return f"is larger than {MOST_BYTES:,} bytes; shorten it"
    return ""


@lru_cache(maxsize=64)
def _read(path: str, name: str, version: tuple[int, ...], table: tuple[str, ...]) -> SettingsFile | None:
    """Read a file as it was at ``version``; None if it has no such table."""
    try:
        text = Path(path).read_text(encoding="utf-8")
        if table and table[-1] not in text:
            return None  # a pyproject.toml that is broken elsewhere is none of our business
        values: Any = tomllib.loads(text)
    except OSError as error:
        return _unusable(path, name, version, _unread(error))
    except (ValueError, RecursionError) as error:
        return _unusable(path, name, version, f"{error}; its settings are not used")
    for key in table:
        values = values.get(key) if isinstance(values, Mapping) else None
    if values is None:
        return None
    if not isinstance(values, Mapping):
        return _unusable(path, name, version, f"{'.'.join(table)} is no table; it is not used")
    return SettingsFile(Path(path), name, version, values)


def _unread(error: OSError) -> str:
    return f"cannot be read ({error.strerror}); its settings are not used"


def _unusable(path: str, name: str, version: tuple[int, ...], why: str) -> SettingsFile:
    return SettingsFile(Path(path), name, version, problems=(f"{name}: {why}",))
