"""``verifill demo``: a few completions at cursors that come along, shown as they happened."""

from __future__ import annotations

import time
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.rule import Rule

from verifill.errors import Failure
from verifill.explain.look import Look
from verifill.explain.view import COMPACT, explain
from verifill.options import CompleteOptions, ModelOptions, request_of
from verifill.place import Place, offset_of, read
from verifill.terminal import screen, working
from verifill.wiring import host_for, open_service

if TYPE_CHECKING:
    from completion.loading import Service

# In an installed wheel the examples lie in this package, in a checkout beside it.
_FOLDERS = (Path(__file__).parent / "examples", Path(__file__).parent.parent / "examples")


@dataclass(frozen=True)
class Cursor:
    """A place to complete at.

    Attributes:
        file: Path below the folder of the examples.
        title: What it shows, in a few words.
        note: What to look at.
        place: The file, read, and the cursor in it.
    """

    file: str
    title: str
    note: str
    place: Place


def run(model: ModelOptions) -> None:
    """Complete at each cursor and print what happened.

    Raises:
        Failure: The examples are missing, or the model cannot be used.
    """
    cursors = read_cursors(examples_folder())
    console, look = screen()
    console.print("\n[bold]Verifill[/] completes code. The model writes, the monitors verify, and nothing waits.")
    started = time.perf_counter()
    with working("loading the embedded model"):
        service = open_service(host_for(model, in_process=True))
    loaded = time.perf_counter()
    try:
        for number, cursor in enumerate(cursors, start=1):
            _show(number, cursor, service, console, look)
    finally:
        service.close()
    seconds = time.perf_counter() - loaded
    console.print(Rule(style="dim"))
    console.print(
        f"{len(cursors)} completions in {seconds:.1f} s, after {loaded - started:.1f} s for loading the model.\n"
        "Yours:  [bold]verifill complete FILE:LINE --explain[/]\n"
    )


def read_cursors(folder: Path) -> list[Cursor]:
    """Return the cursors that ``cursors.toml`` in the folder lists."""
    listed = tomllib.loads((folder / "cursors.toml").read_text(encoding="utf-8"))["cursor"]
    return [_cursor(folder, entry["file"], entry) for entry in listed]


def examples_folder() -> Path:
    """Return the folder of the examples."""
    for folder in _FOLDERS:
        if (folder / "cursors.toml").is_file():
            return folder
    raise Failure("the examples are missing; reinstall verifill")


def _cursor(folder: Path, file: str, entry: dict[str, object]) -> Cursor:
    path = (folder / file).resolve()
    text = read(path)
    line, column = int(str(entry["line"])), entry.get("column")
    offset = offset_of(text, line, None if column is None else int(str(column)), file)
    return Cursor(file, str(entry["title"]), str(entry["note"]), Place(path, text, offset))


def _show(number: int, cursor: Cursor, service: Service, console: Console, look: Look) -> None:
    """Complete at one cursor and print what happened."""
    console.print(Rule(f"[bold]{number}  {cursor.title}[/]  {cursor.file}", align="left", style="dim"))
    console.print(f"[dim]{cursor.note}[/]\n")
    request = request_of(cursor.place, CompleteOptions())
    with working("completing"):
        result = service.complete_now(request)
    for row in explain(cursor.place.text, cursor.place.offset, result, COMPACT, look):
        console.print(row, no_wrap=True, crop=True)
    console.print()
