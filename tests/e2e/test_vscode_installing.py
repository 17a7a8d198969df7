"""The extension installs the server that comes along with it, when a person says so."""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import OpenCode
from tests.e2e.window import wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.slow


def test_from_nothing_to_ghost_text(
    open_code: OpenCode, browser: Browser, workspace: Path, home: Mapping[str, str]
) -> None:
    """No verifill on the machine; the button installs the extension's own wheel, and the model answers.

    The packages that it needs are those of this environment: half a gigabyte less to fetch.
    """
    file = workspace / "script.py"
    file.write_text("import math\n\nprint(math.floor(2.5))\n", encoding="utf-8")
    settings = {"verifill.server.python": sys.executable, "verifill.server.torchIndex": ""}
    environment = {"PATH": "/usr/bin:/bin", "PIP_NO_DEPS": "1", "PYTHONPATH": sysconfig.get_path("purelib")}
    server = open_code(settings, environment)
    with server.window(browser, workspace, file) as window:
        window.until_status("is not installed")
        window.page.locator(".notification-toast .monaco-button:has-text('Install')").first.click()
        window.until_status("Installing")
        window.ready(patience_s=180)
        (program,) = server.data.glob("data/User/globalStorage/verifill.verifill/server/bin/verifill")
        assert program.is_file()
        window.focus("import")
        window.press("Control+End")
        window.type("print(math.fl")
        window.until_ghost_text("oor")
        window.press("Tab")
        wait_for(lambda: window.lines()[3].startswith("print(math.floor"), "the accepted text")
