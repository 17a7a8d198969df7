"""What a person sees in VS Code when something is wrong: what it is and what to do, and at most one notification."""

from __future__ import annotations

import json
import sys
import venv
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import OpenCode
from tests.e2e.servers import LAST_WORDS, program
from tests.e2e.window import Window, wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.slow

SCRIPTED = "tests.lsp_server.scripted_server"
NOWHERE = {"PATH": "/nowhere"}


@pytest.fixture
def file(workspace: Path) -> Path:
    """A file to open."""
    path = workspace / "script.py"
    path.write_text("import math\n", encoding="utf-8")
    return path


def told_once(window: Window, words: str) -> None:
    """Check that one notification, and no other of ours, has these words."""
    ours = [text for text in window.notifications() if "erifill" in text]
    assert len(ours) == 1, ours
    assert words in ours[0]


def test_no_server(open_code: OpenCode, browser: Browser, workspace: Path, file: Path) -> None:
    """No verifill anywhere: the item says so, and offers to install one."""
    with open_code(environment=NOWHERE).window(browser, workspace, file) as window:
        window.until_status("is not installed. Install it now")
        told_once(window, "is not installed")
        window.press("Escape")
        window.click_status()
        window.page.wait_for_selector('.quick-input-list .monaco-list-row:has-text("Install")')


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("crash", f"ended. It said: {LAST_WORDS}"),
        ("old", "is Verifill 0.0.1, and this extension needs"),
        ("dies", "ended 3 times in a short while"),
    ],
)
def test_bad_server(
    kind: str, words: str, open_code: OpenCode, browser: Browser, workspace: Path, file: Path, tmp_path: Path
) -> None:
    """A server that ends at start, is too old, or keeps dying."""
    path = str(program(tmp_path, "tests.e2e.servers", kind))
    with open_code({"verifill.server.path": path}).window(browser, workspace, file) as window:
        window.until_status(words)
        told_once(window, words)


def test_server_that_is_not_there(open_code: OpenCode, browser: Browser, workspace: Path, file: Path) -> None:
    """A setting that names nothing is named, and no other server is looked for."""
    settings = {"verifill.server.path": "/nowhere/verifill"}
    with open_code(settings).window(browser, workspace, file) as window:
        window.until_status("There is no program /nowhere/verifill")
        told_once(window, "verifill.server.path")


def test_other_program(open_code: OpenCode, browser: Browser, workspace: Path, file: Path, tmp_path: Path) -> None:
    """A program that can be run and is no server ends at once; its words are shown."""
    path = tmp_path / "ls"
    path.write_text("#!/bin/sh\necho 'ls: cannot access lsp' >&2\nexit 2\n", encoding="utf-8")
    path.chmod(0o755)
    with open_code({"verifill.server.path": str(path)}).window(browser, workspace, file) as window:
        window.until_status("It said: ls: cannot access lsp")


def test_no_python_to_install_with(open_code: OpenCode, browser: Browser, workspace: Path, file: Path) -> None:
    """Without a Python of 3.11 or newer the installation says what is needed."""
    with open_code(environment=NOWHERE).window(browser, workspace, file) as window:
        window.until_status("is not installed")
        window.command("Verifill: Install the Server for This Editor")
        window.until_status("Verifill needs Python 3.11 or newer, and none was found")


def test_failing_installation(
    open_code: OpenCode, browser: Browser, workspace: Path, file: Path, tmp_path: Path
) -> None:
    """The step that failed and its last words are shown."""
    settings = {
        "verifill.server.python": sys.executable,
        "verifill.server.package": str(tmp_path / "no.whl"),
        "verifill.server.torchIndex": "",
    }
    with open_code(settings, {**NOWHERE, "PIP_NO_INDEX": "1"}).window(browser, workspace, file) as window:
        window.until_status("is not installed")
        window.command("Verifill: Install the Server for This Editor")
        window.until_status("Installing failed (Verifill and the rest)")


def test_loading_takes_long(open_code: OpenCode, browser: Browser, workspace: Path, file: Path, tmp_path: Path) -> None:
    """While the model is loading the item says so; nothing else does, and typing is as ever."""
    gate = tmp_path / "gate"
    path = str(program(tmp_path, SCRIPTED, "--gate", str(gate)))
    with open_code({"verifill.server.path": path}).window(browser, workspace, file) as window:
        window.until_status("Loading the model")
        window.focus("import")
        window.press("Control+End")
        window.type("two")
        wait_for(lambda: window.lines()[1] == "two", "what was typed")
        assert "Loading" in window.status()
        gate.touch()
        window.ready()
        window.command("Verifill: Suggest Here")
        window.until_ghost_text("second")


def test_model_that_cannot_be_loaded(
    open_code: OpenCode, browser: Browser, workspace: Path, file: Path, tmp_path: Path
) -> None:
    """The server's own message is the one notification."""
    path = str(program(tmp_path, SCRIPTED, "--broken"))
    with open_code({"verifill.server.path": path}).window(browser, workspace, file) as window:
        window.until_status("cannot be loaded")
        told_once(window, "model.safetensors is truncated")


@pytest.mark.parametrize("trusted", [True, False])
def test_what_a_workspace_may_name(
    trusted: bool, open_code: OpenCode, browser: Browser, workspace: Path, file: Path, tmp_path: Path
) -> None:
    """A workspace's interpreter counts if the workspace is trusted; its programs for the extension never do."""
    marker = tmp_path / "started"
    trap = workspace / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {marker}\n", encoding="utf-8")
    trap.chmod(0o755)
    venv.create(workspace / "env")
    interpreter = str(workspace / "env" / "bin" / "python")
    theirs = {"server.path": str(trap), "server.python": str(trap), "python": interpreter}
    (workspace / ".vscode").mkdir()
    settings = {f"verifill.{key}": value for key, value in theirs.items()}
    (workspace / ".vscode" / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    path = str(program(tmp_path, SCRIPTED))
    with open_code({"verifill.server.path": path}, trusted=trusted).window(browser, workspace, file) as window:
        window.ready()
        window.focus("import")
        window.press("Control+End")
        window.type("environment")
        if trusted:
            window.until_ghost_text(interpreter)
        else:
            window.until_status("the model has nothing to add here")
    assert not marker.exists()
