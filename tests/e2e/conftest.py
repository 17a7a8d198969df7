"""Editors for the tests of this folder; each is skipped, with the reason, where it cannot be had."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e import tools
from tests.e2e.vscode import CHROMIUM_ARGUMENTS, CodeServer, Installation

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).parents[2]
VERIFILL = Path(sys.executable).with_name("verifill")

OpenCode = Callable[..., CodeServer]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave these tests out where nobody asked for them: they need editors, and a while."""
    if os.environ.get("VERIFILL_E2E"):
        return
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.skip(reason="end to end, in real editors: make e2e runs these"))


def needed(tool: Callable[[], Any]) -> Any:
    """Return what a function of ``tools`` finds, or skip the test."""
    try:
        return tool()
    except tools.Lacking as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory, run_folder: None) -> Iterator[Mapping[str, str]]:
    """Environment of a user who has nothing but this Verifill; the engine that he leaves is ended."""
    folder = tmp_path_factory.mktemp("home")
    names = ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")
    for name in names:
        (folder / name).mkdir()
    environment = {
        **{name: str(folder / name) for name in names},
        "HOME": str(folder),
        "PATH": f"{VERIFILL.parent}:/usr/bin:/bin",
        "OMP_NUM_THREADS": "2",
    }
    yield environment
    subprocess.run([VERIFILL, "engine", "stop"], env={**os.environ, **environment}, timeout=60, check=False)


@pytest.fixture(scope="session")
def wheel() -> Path:
    """The wheel as it is built by `make wheel`."""
    return built("*.whl")


@pytest.fixture(scope="session")
def vsix() -> Path:
    """The extension as it is packed by `make vsix`."""
    return built("*.vsix")


def built(pattern: str) -> Path:
    """Return the file in dist/ with such a name, or skip the test."""
    found = next((ROOT / "dist").glob(pattern), None)
    if found is None:
        pytest.skip(f"no dist/{pattern}; make vsix builds wheel and extension")
    return found


@pytest.fixture(scope="session")
def vscode() -> Installation:
    """VS Code."""
    return needed(tools.vscode)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A browser without a screen."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed; make e2e installs it")
    executable = needed(tools.chromium)
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(executable), args=list(CHROMIUM_ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def extensions(vscode: Installation, vsix: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of extensions with ours in it, installed as a user does."""
    folder = tmp_path_factory.mktemp("extensions")
    vscode.install_extension(vsix, folder)
    return folder


@pytest.fixture(scope="module")
def code_opener(
    vscode: Installation, extensions: Path, home: Mapping[str, str]
) -> Iterator[Callable[[Path], OpenCode]]:
    """Make functions that start VS Code servers with their data in a folder; they end with the module."""
    with ExitStack() as stack:

        def opener(folder: Path) -> OpenCode:
            def start(
                settings: Mapping[str, object] | None = None,
                environment: Mapping[str, str] | None = None,
                trusted: bool = True,
            ) -> CodeServer:
                data = folder / f"code-{len(list(folder.iterdir()))}"
                whole = {**home, **(environment or {})}
                return stack.enter_context(CodeServer(vscode, data, extensions, settings or {}, whole, trusted))

            return start

        yield opener


@pytest.fixture
def open_code(code_opener: Callable[[Path], OpenCode], tmp_path: Path) -> OpenCode:
    """Start VS Code servers: `open_code(settings={...}, environment={...}, trusted=False)`."""
    return code_opener(tmp_path)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """An empty folder to open."""
    folder = tmp_path / "workspace"
    folder.mkdir()
    return folder
