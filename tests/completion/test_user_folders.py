"""Where the user's files are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from completion.user_folders import cache_folder, config_folder, state_folder

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has folders of its own")


def test_the_base_directory_specification(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The variables, each for its own; without them, or with relative paths in them, folders below home."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for value in ("", "relative/path"):
        for name in ("CONFIG", "CACHE", "STATE"):
            monkeypatch.setenv(f"XDG_{name}_HOME", value)
        found = [config_folder(), cache_folder(), state_folder()]
        assert found == [tmp_path / below / "verifill" for below in (".config", ".cache", ".local/state")]
    for name, folder in (("CONFIG", config_folder), ("CACHE", cache_folder), ("STATE", state_folder)):
        monkeypatch.setenv(f"XDG_{name}_HOME", f"/there/{name}")
        assert folder() == Path(f"/there/{name}/verifill")
