"""A Neovim without a screen, with the set-up of docs/editors/neovim.lua."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
SNIPPET = ROOT / "docs" / "editors" / "neovim.lua"


def run_script(environment: Mapping[str, str], folder: Path, script: Path) -> subprocess.CompletedProcess[str]:
    """Run a Lua script in a Neovim without a screen, after the snippet."""
    command = ["nvim", "--headless", "--clean", "-n", "--cmd", f"source {SNIPPET}", "-l", script]
    return subprocess.run(
        command, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, timeout=120, check=False
    )
