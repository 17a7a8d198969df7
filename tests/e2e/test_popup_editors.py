"""Editors without ghost text show names in their lists, with the set-up that is documented."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.e2e import tools
from tests.e2e.conftest import ROOT, needed
from tests.e2e.terminal import Terminal
from tests.e2e.window import wait_for

pytestmark = pytest.mark.slow

SETUPS = ROOT / "docs" / "editors"
UNFINISHED = "import math\n\nprint(math.fl"


def test_emacs(home: Mapping[str, str], workspace: Path) -> None:
    """Eglot's completion at point lists what math has, and the server ends with it."""
    emacs = needed(tools.emacs)
    (workspace / "script.py").write_text(UNFINISHED, encoding="utf-8")
    packages = ["--eval", "(package-initialize)", "--load", SETUPS / "emacs.el"]
    command = [emacs, "--batch", *packages, "--load", Path(__file__).with_name("emacs.el")]
    done = subprocess.run(
        command, cwd=workspace, env={**os.environ, **home}, capture_output=True, text=True, timeout=120, check=False
    )
    lines = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    assert "floor" in lines["candidates"].split(), done.stdout + done.stderr
    assert lines["left"] == "t"


def test_helix(home: Mapping[str, str], workspace: Path, tmp_path: Path) -> None:
    """The list opens while typing, and Tab takes its first name."""
    editor = needed(tools.helix)
    file = workspace / "script.py"
    file.write_text("import math\n", encoding="utf-8")
    configuration = tmp_path / "config"
    (configuration / "helix").mkdir(parents=True)
    shutil.copy(SETUPS / "helix.toml", configuration / "helix" / "languages.toml")
    variables = {
        **home,
        **editor,
        "PATH": f"{home['PATH']}:{editor['PATH']}",
        "XDG_CONFIG_HOME": str(configuration),
        "XDG_RUNTIME_DIR": os.environ["XDG_RUNTIME_DIR"],
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
    }
    with Terminal(needed(tools.tmux), tmp_path / "tmux", workspace, ["hx", "script.py"], variables) as terminal:
        terminal.until("import math")
        terminal.press("o")
        terminal.type("print(math.fl")
        # The list opens when something is typed, and while the model is loading it is empty.
        wait_for(lambda: "floor" in terminal.typed_again("l"), "the list", patience_s=60)
        terminal.press("Tab", "Escape")
        terminal.type(":w")
        terminal.press("Enter")
        wait_for(lambda: "print(math.floor" in file.read_text(encoding="utf-8"), "the accepted name")
