"""What a person sees in VS Code: the embedded model's ghost text, and what keys do to it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import ROOT, OpenCode
from tests.e2e.window import Window, wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.slow

# A call whose continuation is copied from the line above it: the model is small, but not that small.
REPEATING = """\
import math

print(math.floor(math.sqrt(10)))
print(math.floor(math.sqrt(20)))
"""

Fresh = Callable[..., Window]


@pytest.fixture(scope="module")
def fresh(
    code_opener: Callable[[Path], OpenCode], browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Fresh]:
    """Give the one window of this module a file with some text, the cursor at its end."""
    folder = tmp_path_factory.mktemp("window")
    file = folder / "workspace" / "script.py"
    file.parent.mkdir()
    file.write_text(REPEATING, encoding="utf-8")
    with code_opener(folder)().window(browser, file.parent, file) as window:
        window.ready()
        window.focus("import")

        def start(text: str = REPEATING) -> Window:
            file.write_text(text, encoding="utf-8")
            window.press("Escape", "Escape")
            window.command("File: Revert File")
            wait_for(lambda: "\n".join(window.lines()).strip() == text.strip(), "the file's text")
            window.focus()
            window.press("Control+End")
            return window

        yield start


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    """A copy of the examples."""
    return Path(shutil.copytree(ROOT / "examples", tmp_path / "examples"))


def test_ghost_text_while_typing(open_code: OpenCode, browser: Browser, examples: Path) -> None:
    """From a packed extension in a clean VS Code to a name that no model has read, which Tab accepts."""
    file = examples / "unseen" / "morning_round.py"
    with open_code().window(browser, file.parent, file, ":11") as window:
        window.ready()
        window.focus("thirsty_beds")
        window.press("End", "Backspace")
        window.type(".")
        ghost = window.until_ghost_text()
        name = re.match(r"\w+", ghost)
        assert name and f"def {name[0]}(" in (file.parent / "fernery" / "house.py").read_text(encoding="utf-8")
        window.press("Tab")
        wait_for(lambda: any(line.startswith(f"    return house.{name[0]}") for line in window.lines()), "the text")


def test_ghost_text_when_asked(open_code: OpenCode, browser: Browser, examples: Path) -> None:
    """The same without typing; the picture is the one in the extension's README."""
    file = examples / "everyday" / "tidy.py"
    with open_code().window(browser, examples, file, ":20") as window:
        window.ready()
        window.focus("target")
        window.press("End")

        def asked() -> bool:
            window.command("Verifill: Suggest Here")
            return "exists()" in window.until_ghost_text() and "checked against Python" in window.status()

        # The first answer may come before the analysis has read the library.
        wait_for(asked, "a checked suggestion")
        assert "checked against Python" in window.tooltip()
        window.screenshot("ghost-text.png")
        window.press("Tab")
        wait_for(lambda: "        if not target.exists():" in window.lines(), "the accepted line")


def test_typing_through_keeps_it(fresh: Fresh) -> None:
    """Whoever types what is suggested goes on seeing the rest."""
    window = fresh()
    window.type("print(math.fl")
    ghost = window.until_ghost_text("oor")
    for typed in range(1, 4):
        window.type(ghost[typed - 1])
        assert window.until_ghost_text(ghost[typed:]).startswith(ghost[typed:])


def test_escape_dismisses(fresh: Fresh) -> None:
    """Escape puts it away, and the text stays as it is."""
    window = fresh()
    window.type("print(math.fl")
    window.until_ghost_text("oor")
    window.press("Escape")
    window.until_no_ghost_text()
    assert window.lines()[4].startswith("print(math.fl")


def test_closed_bracket_is_not_doubled(fresh: Fresh) -> None:
    """The bracket that the editor has closed by itself stands there once after accepting."""
    window = fresh()
    window.type("print(math.fl")
    wait_for(lambda: window.lines()[4].startswith("print(math.fl)"), "the closed bracket")
    window.until_ghost_text("oor")
    window.press("Tab")
    wait_for(lambda: window.lines()[4].startswith("print(math.floor"), "the accepted text")
    line = window.lines()[4]
    assert line.count("(") == line.count(")"), line


def test_next_word(fresh: Fresh) -> None:
    """VS Code's own key takes one word of it."""
    window = fresh()
    window.type("print(math.fl")
    ghost = window.until_ghost_text("oor")
    window.press("Control+ArrowRight")
    wait_for(lambda: window.lines()[4].startswith("print(math.floor"), "the word")
    assert len(window.lines()[4]) < len("print(math.fl" + ghost)


def test_certificate_in_the_status_item(fresh: Fresh) -> None:
    """After a suggestion the item says what was checked."""
    window = fresh()
    window.type("print(math.fl")
    window.until_ghost_text("oor")
    assert re.search(r"Last suggestion: \d+ names? checked against", window.until_status("Last suggestion"))


def test_trace_of_the_last_completion(fresh: Fresh) -> None:
    """The panel has the page of traces, drawn by the same program: code, alternatives, and what happened when."""
    window = fresh()
    window.type("print(math.fl")
    window.until_ghost_text("oor")
    window.command("Verifill: Show How the Last Completion Came About")
    page = window.webview()
    page.wait_for_selector(".token")
    assert "floor" in page.locator(".line.own code").first.inner_text()
    assert page.locator("h1").inner_text() == "script.py:5"
    assert re.search("checked|unknown", page.locator(".certificate").inner_text())
    assert page.locator(".pass").count() == page.locator(".steps li").count() > 0
    page.locator(".code .token").first.hover()
    assert page.locator(".details .bars .track").count() > 0
    ink, paper = (
        page.locator("main").evaluate(f"page => getComputedStyle(page).{name}") for name in ("color", "backgroundColor")
    )
    assert ink != paper


def test_doctor_in_a_terminal(fresh: Fresh) -> None:
    """The doctor of the server that runs says in a terminal how things are."""
    window = fresh()
    window.command("Verifill: Doctor: Does Everything Work?")
    wait_for(lambda: "(ended with 0)" in window.terminal(), "the doctor's report", patience_s=120)
    assert "tree-sitter parses" in window.terminal()
