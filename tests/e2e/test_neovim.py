"""Neovim 0.12 with the set-up that is documented: ghost text on the screen, and Tab takes it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.e2e import tools
from tests.e2e.conftest import needed
from tests.e2e.neovim import SNIPPET, run_script
from tests.e2e.terminal import Terminal
from tests.e2e.window import wait_for

pytestmark = pytest.mark.slow

REPEATING = """\
import math

print(math.floor(math.sqrt(10)))
print(math.floor(math.sqrt(20)))
"""


@pytest.fixture
def environment(home: Mapping[str, str]) -> Mapping[str, str]:
    """What Neovim runs in."""
    editor = needed(tools.neovim)
    return {**home, **editor, "PATH": f"{home['PATH']}:{editor['PATH']}", "LANG": "C.UTF-8", "TERM": "xterm-256color"}


@pytest.fixture
def terminal(environment: Mapping[str, str], workspace: Path, tmp_path: Path) -> Iterator[Terminal]:
    """Neovim with a file on the screen."""
    (workspace / "script.py").write_text(REPEATING, encoding="utf-8")
    run = {**environment, "XDG_RUNTIME_DIR": os.environ["XDG_RUNTIME_DIR"]}
    command = ["nvim", "--clean", "-n", "-u", str(SNIPPET), "script.py"]
    with Terminal(needed(tools.tmux), tmp_path / "tmux", workspace, command, run) as terminal:
        terminal.until("import math")
        yield terminal


def test_ghost_text(terminal: Terminal, workspace: Path) -> None:
    """What is suggested is on the screen behind the cursor; Tab makes it text."""
    terminal.press("G", "o")
    terminal.type("print(math.fl")
    # Neovim asks when something is typed, and while the model is loading there is no answer.
    wait_for(lambda: terminal.typed_again("l").count("print(math.floor(") == 3, "ghost text", patience_s=60)
    file = workspace / "script.py"
    assert file.read_text(encoding="utf-8") == REPEATING
    terminal.press("Tab", "Escape")
    terminal.type(":w")
    terminal.press("Enter")
    wait_for(lambda: file.read_text(encoding="utf-8").count("print(math.floor(") == 3, "the accepted text")


def test_tab_without_a_suggestion(terminal: Terminal) -> None:
    """Tab is a tab where nothing is suggested."""
    terminal.press("G", "o")
    terminal.press("Tab")
    terminal.type("x")
    terminal.until("    x")


def test_without_a_screen(environment: Mapping[str, str], workspace: Path) -> None:
    """Neovim's own client attaches, asks, accepts and lets the server go."""
    (workspace / "script.py").write_text(f"{REPEATING}print(math.fl", encoding="utf-8")
    done = run_script(environment, workspace, Path(__file__).with_name("neovim_headless.lua"))
    lines = done.stdout.splitlines()
    assert len(lines) == 5, done.stdout + done.stderr
    assert lines[0] == "offers true"
    assert lines[1].startswith("suggests print(math.floor(")
    assert lines[2] == "instead of 0 13"
    assert lines[3] == lines[1].replace("suggests", "line")
    assert lines[4] == "left"
