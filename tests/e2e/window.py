"""A window of VS Code, seen and used as a person does: through the page that it is."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Frame, Page

# Nothing here measures time; this only ends a test that is stuck.
PATIENCE_S = 30.0

_ITEM = r"#verifill\.verifill\.verifill\.status"


class Window:
    """A window, seen and used through the page that it is."""

    def __init__(self, page: Page, address: str) -> None:
        """Open the page."""
        self.page = page
        page.set_default_timeout(PATIENCE_S * 1000)
        page.goto(address, wait_until="domcontentloaded")
        page.wait_for_selector(".monaco-workbench")

    def ready(self, patience_s: float = 2 * PATIENCE_S) -> None:
        """Wait until the model is loaded."""
        self._until(lambda: "Ready" in self.status(), "the model", patience_s)

    def focus(self, text: str = "") -> None:
        """Wait for the editor to show a text, and put the cursor's focus there."""
        self.page.wait_for_selector(f".monaco-editor .view-lines:has-text({json.dumps(text)})")
        self.page.focus(".monaco-editor .inputarea, .monaco-editor .native-edit-context")

    def type(self, text: str, delay_ms: float = 20) -> None:
        """Type as a person types."""
        self.page.keyboard.type(text, delay=delay_ms)

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def ghost_text(self) -> str:
        """Return the ghost text that is shown now, "" for none."""
        return "".join(_plain(part) for part in self.page.locator("[class*=ghost-text]").all_text_contents())

    def until_ghost_text(self, wanted: str = "") -> str:
        """Wait for ghost text, one that contains `wanted`, and return it."""
        self._until(lambda: (text := self.ghost_text()) != "" and wanted in text, f"ghost text with {wanted!r}")
        return self.ghost_text()

    def until_no_ghost_text(self) -> None:
        """Wait until none is shown."""
        self._until(lambda: self.ghost_text() == "", "no ghost text")

    def lines(self) -> list[str]:
        """Return the lines of the editor that can be seen, ghost text left out."""
        script = """nodes => nodes
            .map(node => [parseFloat(node.style.top), node])
            .sort((a, b) => a[0] - b[0])
            .map(([_, node]) => {
                const copy = node.cloneNode(true);
                copy.querySelectorAll("[class*=ghost-text]").forEach(ghost => ghost.remove());
                return copy.textContent;
            })"""
        return [_plain(line) for line in self.page.locator(".view-line").evaluate_all(script)]

    def status(self) -> str:
        """Return what Verifill's item in the status bar says, "" while there is none."""
        items = self.page.locator(_ITEM)
        if items.count() == 0:
            return ""
        return items.first.get_attribute("aria-label") or items.first.inner_text()

    def until_status(self, wanted: str) -> str:
        """Wait until the item says something that contains `wanted`, and return all of it."""
        self._until(lambda: wanted in self.status(), f"the status {wanted!r}")
        return self.status()

    def click_status(self) -> None:
        """Click on Verifill's item."""
        self.page.locator(_ITEM).click()

    def tooltip(self) -> str:
        """Point at Verifill's item, and return what is shown beside it."""
        self.page.locator(_ITEM).hover()
        return _plain(self.page.wait_for_selector(".workbench-hover:has-text('Ready')").inner_text())

    def terminal(self) -> str:
        """Return what the terminal shows."""
        return "\n".join(_plain(row) for row in self.page.locator(".xterm-rows > div").all_text_contents())

    def notifications(self) -> list[str]:
        """Return the texts of the notifications that there are, those that have been hidden again included."""
        self.command("Notifications: Show Notifications")
        self.page.wait_for_selector(".notifications-center.visible")
        return [_plain(text) for text in self.page.locator(".notification-list-item-message").all_text_contents()]

    def command(self, title: str) -> None:
        """Run a command by its title in the command palette."""
        self.press("F1")
        box = self.page.locator(".quick-input-widget input[type=text]")
        box.fill(f">{title}")
        self.page.locator(f".quick-input-list .monaco-list-row:has-text({json.dumps(title)})").first.click()

    def webview(self) -> Frame:
        """Return the page inside of the panel that an extension shows."""
        outer = self.page.wait_for_selector("iframe.webview.ready").content_frame()
        return outer.wait_for_selector("iframe#active-frame").content_frame()

    def screenshot(self, name: str) -> None:
        """Keep a picture, in the folder that VERIFILL_SCREENSHOTS names if it does."""
        if folder := os.environ.get("VERIFILL_SCREENSHOTS"):
            self.page.screenshot(path=Path(folder) / name)

    def _until(self, condition: Callable[[], bool], what: str, patience_s: float = PATIENCE_S) -> None:
        try:
            wait_for(condition, what, patience_s)
        except AssertionError as error:
            self.screenshot("failed.png")
            raise AssertionError(f"{error}; the status is {self.status()!r}") from None


def wait_for(condition: Callable[[], bool], what: str, patience_s: float = PATIENCE_S) -> None:
    """Wait until something holds.

    Raises:
        AssertionError: It never did.
    """
    deadline = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for: {what}"
        time.sleep(0.02)


def _plain(text: Any) -> str:
    """Return a text with the spaces that the editor draws as others."""
    return re.sub("[\u00a0\u00b7]", " ", str(text)).replace("\u200c", "")
