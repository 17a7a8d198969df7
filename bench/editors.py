"""How long a person waits in an editor: from a key to ghost text on the screen, in VS Code and in Neovim.

    make vsix; python -m tests.e2e.tools; python -m bench.editors [--files 10] [--characters 20] [--patience-ms 1000]

True text is typed into files of the standard library (`bench.keystrokes`), to the end of a line at most; after each
key there is a pause until ghost text is there, or ``patience-ms``.  The clock is the editor's own: in VS Code from
the page's ``keydown`` event to the element, in Neovim from ``vim.on_key`` to the mark.
A key is *along* if there was ghost text before it, else it is *new*.  Editors wait before they ask, Neovim 200 ms and
VS Code as long as answers usually take, and go on showing by themselves what is typed along.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright
from rich.progress import track

from bench.common import markdown, write_results
from bench.keystrokes import places, typed
from tests.e2e import tools
from tests.e2e.neovim import SNIPPET
from tests.e2e.terminal import Terminal
from tests.e2e.vscode import CHROMIUM_ARGUMENTS, CodeServer
from tests.e2e.window import Window, wait_for
from verifill.options import ModelOptions
from verifill.wiring import host_for

ROOT = Path(__file__).parents[1]
SETTLING_S = 1.0

# Keeps for each key when it was pressed, whether ghost text was there, and after how many milliseconds it was.
_OBSERVER = """() => {
    const shown = () => document.querySelector("[class*=ghost-text]") !== null;
    window.strokes = [];
    document.addEventListener("keydown", () => {
        window.strokes.push({ begin: performance.now(), along: shown(), ms: null });
    }, true);
    new MutationObserver(() => {
        const last = window.strokes.at(-1);
        if (last && last.ms === null && shown()) {
            last.ms = performance.now() - last.begin;
        }
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
}"""


@dataclass(frozen=True)
class Site:
    """A place to type at.

    Attributes:
        before: Text before the cursor.
        behind: Text behind it.
        keys: What is typed.
    """

    before: str
    behind: str
    keys: str

    @property
    def line(self) -> int:
        """The cursor's line, from 1."""
        return self.before.count("\n") + 1

    @property
    def column(self) -> int:
        """The cursor's column, from 1."""
        return len(self.before.rpartition("\n")[2]) + 1


@dataclass(frozen=True)
class Stroke:
    """A key.

    Attributes:
        along: Whether there was ghost text before it.
        ms: Milliseconds until there was, None if there was none in time.
    """

    along: bool
    ms: float | None


def main() -> None:
    """Measure, print and write the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=10)
    parser.add_argument("--characters", type=int, default=20)
    parser.add_argument("--patience-ms", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    sites = list(sites_of(options.files, options.characters, options.seed))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["XDG_RUNTIME_DIR"] = name
        os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        engine = host_for(ModelOptions(None), in_process=False).open()
        strokes = {}
        for editor, measure in (("VS Code", in_vscode), ("Neovim", in_neovim)):
            try:
                strokes[editor] = measure(sites, folder, options.patience_ms / 1000)
            except tools.Lacking as error:
                print(f"without {editor}: {error}")
        engine.end()
    head = ("editor", "keys", "with ghost text", "new: p50, ms", "p90", "along: p50, ms", "p90")
    table = markdown(head, [row(editor, measured) for editor, measured in strokes.items()])
    print(table)
    numbers = {
        "strokes": {editor: [[stroke.along, stroke.ms] for stroke in some] for editor, some in strokes.items()},
        "options": vars(options),
        "load_average": os.getloadavg(),
    }
    write_results("editors", numbers, table)


def sites_of(files: int, characters: int, seed: int) -> Iterator[Site]:
    """Yield places with the keys that a person pressed there, none of them Enter."""
    rng = random.Random(seed)
    for path in places(files, seed):
        with suppress(UnicodeDecodeError):
            states = list(typed(path.read_text(encoding="utf-8"), characters, rng))
            strokes = (after.before[len(now.before) :] for now, after in itertools.pairwise(states))
            keys = "".join(itertools.takewhile(lambda stroke: "\n" not in stroke, strokes))
            yield Site(states[0].before, states[0].behind, keys)


def in_vscode(sites: list[Site], folder: Path, patience_s: float) -> list[Stroke]:
    """Type in VS Code.

    Raises:
        Lacking: It is not installed, or the extension is not packed.
    """
    installation = tools.vscode()
    packed = next((ROOT / "dist").glob("*.vsix"), None)
    if packed is None:
        raise tools.Lacking("the extension is not packed; make vsix")
    extensions = folder / "extensions"
    extensions.mkdir()
    installation.install_extension(packed, extensions)
    workspace = folder / "vscode"
    workspace.mkdir()
    file = workspace / "script.py"
    file.touch()
    strokes: list[Stroke] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=installation.browser, args=list(CHROMIUM_ARGUMENTS))
        with (
            CodeServer(installation, folder / "code", extensions, {}, {}, trusted=True) as server,
            server.window(browser, workspace, file) as window,
        ):
            window.ready()
            window.focus()
            window.page.evaluate(_OBSERVER)
            for site in track(sites, "VS Code"):
                file.write_text(site.before + site.behind, encoding="utf-8")
                strokes += typed_in_window(window, site, patience_s)
        browser.close()
    return strokes


def typed_in_window(window: Window, site: Site, patience_s: float) -> list[Stroke]:
    """Type in the one file of a window, as it is on disk now."""
    window.press("Escape")
    window.command("File: Revert File")
    window.press("Control+g")
    window.type(f"{site.line}:{site.column}")
    window.press("Enter")
    time.sleep(SETTLING_S)
    window.focus()
    window.page.evaluate("window.strokes.length = 0")
    for key in site.keys:
        window.page.keyboard.press("Space" if key == " " else key)
        with suppress(AssertionError):
            wait_for(lambda: window.page.evaluate("window.strokes.at(-1).ms") is not None, "ghost text", patience_s)
    found = window.page.evaluate("window.strokes")
    return [Stroke(stroke["along"], stroke["ms"]) for stroke in found]


def in_neovim(sites: list[Site], folder: Path, patience_s: float) -> list[Stroke]:
    """Type in Neovim.

    Raises:
        Lacking: It is not installed.
    """
    tmux, environment = tools.tmux(), tools.neovim()
    workspace = folder / "neovim"
    workspace.mkdir()
    strokes: list[Stroke] = []
    for number, site in enumerate(track(sites, "Neovim")):
        (workspace / "script.py").write_text(site.before + site.behind, encoding="utf-8")
        strokes += typed_in_terminal(tmux, environment, workspace, folder / f"strokes-{number}", site, patience_s)
    return strokes


def typed_in_terminal(
    tmux: str, environment: Mapping[str, str], workspace: Path, out: Path, site: Site, patience_s: float
) -> list[Stroke]:
    """Type in a Neovim of its own."""
    variables = {**environment, "TERM": "xterm-256color", "LANG": "C.UTF-8", "XDG_STATE_HOME": str(workspace)}
    variables |= {"XDG_RUNTIME_DIR": os.environ["XDG_RUNTIME_DIR"], "VERIFILL_STROKES": str(out)}
    variables["PATH"] = f"{Path(sys.executable).parent}:{variables['PATH']}"
    observer = str(Path(__file__).with_name("editors.lua"))
    command = ["nvim", "--clean", "-n", "-u", str(SNIPPET), "-S", observer, f"+call cursor({site.line},1)", "script.py"]
    with Terminal(tmux, out.with_suffix(".tmux"), workspace, command, variables) as terminal:
        terminal.until("script.py")
        time.sleep(2 * SETTLING_S)
        # What is behind the cursor begins with a line end.
        terminal.press("A")
        for key in site.keys:
            terminal.type(key)
            time.sleep(patience_s)
        terminal.press("Escape")
        terminal.type(":qa!")
        terminal.press("Enter")
        wait_for(out.exists, "what Neovim has measured")
    found = json.loads(out.read_text(encoding="utf-8"))
    return [Stroke(stroke["along"], stroke.get("ms")) for stroke in found]


def row(editor: str, strokes: list[Stroke]) -> tuple[object, ...]:
    """Return a row of the table."""
    shown = sum(stroke.ms is not None for stroke in strokes)
    by_kind = [[s.ms for s in strokes if s.ms is not None and s.along is along] for along in (False, True)]
    times = (f"{np.percentile(some, q):.0f}" if some else "none" for some in by_kind for q in (50, 90))
    return editor, len(strokes), f"{100 * shown / max(1, len(strokes)):.0f} %", *times


if __name__ == "__main__":
    main()
