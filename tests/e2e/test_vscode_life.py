"""Windows come and go; servers go with them, and the engine stays until it is told to end."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.conftest import VERIFILL, OpenCode
from tests.e2e.window import wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.slow


def engines(home: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return what `verifill engine status` says of the engines that run."""
    done = subprocess.run(
        [VERIFILL, "engine", "status", "--json"],
        env={**os.environ, **home},
        capture_output=True,
        timeout=60,
        check=True,
    )
    return list(json.loads(done.stdout))


def fronts(home: Mapping[str, str]) -> int:
    """Return the number of servers that this user's windows have started."""
    count = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().split(b"\0")
            environment = (process / "environ").read_bytes().split(b"\0")
        except OSError:
            continue  # it has just ended
        variable = f"XDG_RUNTIME_DIR={home['XDG_RUNTIME_DIR']}"
        count += b"lsp" in command and variable.encode() in environment
    return count


def test_windows_share_an_engine(
    open_code: OpenCode, browser: Browser, workspace: Path, home: Mapping[str, str], tmp_path: Path
) -> None:
    """Reloading a window finds the same engine, closing it leaves no server, and the engine can be stopped."""
    file = workspace / "script.py"
    file.write_text("import math\n", encoding="utf-8")
    # Other tests leave engines in the common one.
    own = tmp_path / "run"
    own.mkdir(mode=0o700)
    home = {**home, "XDG_RUNTIME_DIR": str(own)}
    server = open_code(environment=home)
    with server.window(browser, workspace, file) as window:
        window.ready()
        (before,) = engines(home)
        window.page.reload()
        window.until_status("Ready")
        (after,) = engines(home)
        assert after["pid"] == before["pid"]
        wait_for(lambda: fronts(home) == 1, "the reloaded window's server alone")
    wait_for(lambda: fronts(home) == 0, "no server is left")
    wait_for(lambda: engines(home)[0]["fronts"] == 0, "the engine has nobody to serve")
    subprocess.run([VERIFILL, "engine", "stop"], env={**os.environ, **home}, timeout=60, check=True)
    assert engines(home) == []
