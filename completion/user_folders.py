"""The user's folders for Verifill's files, by the XDG base directory specification; on Windows, its own."""

from __future__ import annotations

import os
from pathlib import Path


def config_folder() -> Path:
    """Return where the user's settings and list of trusted folders are."""
    return _base("XDG_CONFIG_HOME", ".config", "APPDATA", "Roaming") / "verifill"


def cache_folder() -> Path:
    """Return where caches are: what can be made again."""
    return _base("XDG_CACHE_HOME", ".cache", "LOCALAPPDATA", "Local") / "verifill"


def data_folder() -> Path:
    """Return where programs are that the user has added: what is installed once and used by all projects."""
    return _base("XDG_DATA_HOME", ".local/share", "LOCALAPPDATA", "Local") / "verifill"


def state_folder() -> Path:
    """Return where statistics are: what cannot be made again."""
    return _base("XDG_STATE_HOME", ".local/state", "LOCALAPPDATA", "Local") / "verifill"


def _base(variable: str, below_home: str, windows: str, roaming: str) -> Path:
    if os.name == "nt":
        return Path(os.environ.get(windows) or Path.home() / "AppData" / roaming)
    chosen = os.environ.get(variable)
    # A relative path is to be ignored, says the specification.
    return Path(chosen) if chosen and os.path.isabs(chosen) else Path.home() / below_home
