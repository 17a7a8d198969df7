"""The newest VS Code, on a newer Node: the extension works there, too."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e import tools
from tests.e2e.conftest import needed
from tests.e2e.vscode import CodeServer
from tests.e2e.window import wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.slow


def test_ghost_text_and_tab(
    browser: Browser, vsix: Path, home: Mapping[str, str], workspace: Path, tmp_path: Path
) -> None:
    """Ghost text of the embedded model, and Tab takes it."""
    newest = needed(tools.newest_vscode)
    extensions = tmp_path / "extensions"
    extensions.mkdir()
    newest.install_extension(vsix, extensions)
    file = workspace / "script.py"
    file.write_text("import math\n\nprint(math.floor(2.5))\n", encoding="utf-8")
    with (
        CodeServer(newest, tmp_path / "code", extensions, {}, home, trusted=True) as server,
        server.window(browser, workspace, file) as window,
    ):
        window.ready()
        window.focus("import")
        window.press("Control+End")
        window.type("print(math.fl")
        window.until_ghost_text("oor")
        window.press("Tab")
        wait_for(lambda: window.lines()[3].startswith("print(math.floor"), "the accepted text")
