"""The extension in VS Code's own extension host: ``host/tests.js``, one test here for each one there."""

from __future__ import annotations

import re
import venv
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import OpenCode
from tests.e2e.servers import program

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.slow

HOST = Path(__file__).with_name("host")
NAMES = re.findall(r'^test\("(.+?)"', (HOST / "tests.js").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.fixture(scope="module")
def said(
    code_opener: Callable[[Path], OpenCode], browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, str]:
    """What each test said; all run in one window."""
    folder = tmp_path_factory.mktemp("host")
    workspace = folder / "workspace"
    workspace.mkdir()
    path = str(program(folder, "tests.lsp_server.scripted_server"))
    # Not the one that runs Verifill: that is nobody's project's.
    venv.create(folder / "env")
    environment = {"VERIFILL_TEST_PYTHON": str(folder / "env" / "bin" / "python")}
    server = code_opener(folder)({"verifill.server.path": path}, environment)
    log = server.host_tests(browser, workspace, HOST, HOST / "tests.js")
    results = (re.match(r"(?s)(passed|failed) (.*)", line) for line in log)
    return {result[2]: result[1] for result in results if result}


@pytest.mark.parametrize("name", NAMES)
def test_in_extension_host(name: str, said: Mapping[str, str]) -> None:
    """It passed."""
    mine = [f"{result}: {words}" for words, result in said.items() if words.startswith(name)]
    assert mine == [f"passed: {name}"], mine or list(said.items())
