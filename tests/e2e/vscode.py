"""A real VS Code: its own server, and its workbench in a headless browser.

`Installation` is what `tests.e2e.tools` has set up, `CodeServer` one running server; its windows are in `window`.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import quote

from tests.e2e.window import PATIENCE_S, Window, wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

# No greetings, nothing from the network, and no other suggestions than ours.
QUIET: Mapping[str, object] = {
    "chat.disableAIFeatures": True,
    "editor.quickSuggestions": {"other": "off", "comments": "off", "strings": "off"},
    "editor.minimap.enabled": False,
    "extensions.autoCheckUpdates": False,
    "extensions.ignoreRecommendations": True,
    "files.autoSave": "off",
    "security.workspace.trust.startupPrompt": "never",
    # Else its text is drawn, and cannot be read.
    "terminal.integrated.gpuAcceleration": "off",
    "telemetry.telemetryLevel": "off",
    "update.mode": "none",
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "workbench.startupEditor": "none",
    "workbench.tips.enabled": False,
}


@dataclass(frozen=True)
class Installation:
    """VS Code on this machine.

    Attributes:
        node: The Node that it runs on.
        main: Its `server-main.js`.
        browser: A Chromium.
    """

    node: Path
    main: Path
    browser: Path

    def install_extension(self, vsix: Path, folder: Path) -> None:
        """Unpack an extension into a folder for extensions."""
        data = folder.with_name(f"{folder.name}-data")
        command = [self.node, self.main, "--install-extension", vsix, "--extensions-dir", folder]
        command += ["--server-data-dir", data, "--accept-server-license-terms"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


class CodeServer:
    """A VS Code server of its own for one test."""

    def __init__(
        self,
        installation: Installation,
        data: Path,
        extensions: Path,
        settings: Mapping[str, object],
        environment: Mapping[str, str],
        trusted: bool,
    ) -> None:
        """Start it; `environment` comes on top of this process's."""
        self.data = data
        machine = data / "data" / "Machine"
        machine.mkdir(parents=True)
        (machine / "settings.json").write_text(json.dumps({**QUIET, **settings}), encoding="utf-8")
        self.port = _free_port()
        command = [installation.node, installation.main, "--host", "127.0.0.1", "--port", str(self.port)]
        command += ["--without-connection-token", "--accept-server-license-terms", "--telemetry-level", "off"]
        command += ["--server-data-dir", data, "--extensions-dir", extensions, "--enable-smoke-test-driver"]
        # Else it would ask a login shell for the environment.
        command += ["--force-disable-user-env", *(["--disable-workspace-trust"] if trusted else [])]
        self._log = (data / "server.log").open("wb")
        self._process = subprocess.Popen(
            command,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        wait_for(self._answers, "VS Code answers")

    def __enter__(self) -> Self:
        """Return the server."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(timeout=PATIENCE_S)
        self._log.close()

    @contextmanager
    def window(self, browser: Browser, folder: Path, file: Path, place: str = "") -> Iterator[Window]:
        """Open a window on a folder, with a file in it.

        Args:
            browser: Where.
            folder: The workspace.
            file: The file.
            place: Cursor in the file, ":LINE:COLUMN", both from 1.
        """
        opened = f"vscode-remote://127.0.0.1:{self.port}{file}{place}"
        context = browser.new_context(viewport={"width": 1000, "height": 620})
        try:
            yield Window(context.new_page(), self._address(folder, [("openFile", opened), ("gotoLineMode", "true")]))
        finally:
            context.close()

    def host_tests(self, browser: Browser, folder: Path, extension: Path, tests: Path) -> list[str]:
        """Run a module's `run` in the extension host, and return what it has logged.

        Args:
            browser: Where.
            folder: The workspace.
            extension: An extension that is developed: without one VS Code runs no tests.
            tests: The module.
        """
        remote = f"vscode-remote://127.0.0.1:{self.port}"
        log: list[str] = []
        ends: list[int] = []
        context = browser.new_context()
        context.expose_function("codeAutomationLog", lambda _, words: log.append(" ".join(map(str, words))))
        context.expose_function("codeAutomationExit", lambda code: ends.append(code))
        payload = {
            "extensionDevelopmentPath": f"{remote}{extension}",
            "extensionTestsPath": f"{remote}{tests}",
            "enableProposedApi": "",
            "skipWelcome": "true",
        }
        page = context.new_page()
        Window(page, self._address(folder, payload.items()))
        # Asking the page for something is what lets its calls come in.
        wait_for(lambda: page.evaluate("1") == 1 and len(ends) > 0, "the tests to end", patience_s=300)
        context.close()
        return log

    def _address(self, folder: Path, payload: Iterable[tuple[str, str]]) -> str:
        return f"http://127.0.0.1:{self.port}/?folder={folder}&payload={quote(json.dumps(list(payload)))}"

    def _answers(self) -> bool:
        assert self._process.poll() is None, (self.data / "server.log").read_text(encoding="utf-8")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/version", timeout=1):
                return True
        except (urllib.error.URLError, OSError):
            return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
