"""``verifill settings``: what holds here, and who says so."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from analysis.environment import Interpreter
from completion.settings import reference
from completion.settings.holding import interpreter_of, settle
from completion.settings.model import EDITOR, KEYS
from completion.trust import is_trusted
from completion.workspace import nearest_project
from verifill.terminal import note, screen


def show(as_json: bool) -> None:
    """Print the settings that hold for the project of the working directory, and what is wrong with any."""
    workspace = nearest_project(Path.cwd() / "untitled.py")
    trusted = is_trusted(workspace)
    merged = settle(workspace, trusted)
    interpreter, problems = interpreter_of(merged, workspace, trusted)
    for problem in (*merged.problems, *problems):
        note(problem)
    rows = {
        key.name: (reference.plain(getattr(merged.settings, key.name)), merged.origins.get(key.name, "default"))
        for key in KEYS
        if key.levels != EDITOR
    }
    if as_json:
        values = {name: {"value": value, "from": origin} for name, (value, origin) in rows.items()}
        found = {"path": interpreter.path, "why": interpreter.why}
        about = {"workspace": str(workspace), "trusted": trusted, "interpreter": found}
        sys.stdout.write(json.dumps({**about, "settings": values}) + "\n")
        return
    _print(rows, f"{workspace}, {'trusted' if trusted else 'not trusted'}", interpreter)


def show_schema() -> None:
    """Print the JSON schema of the user's settings file."""
    sys.stdout.write(json.dumps(reference.json_schema(), indent=2) + "\n")


def show_table() -> None:
    """Print the table of docs/settings.md."""
    sys.stdout.write(reference.table())


def _print(rows: dict[str, tuple[object, str]], title: str, interpreter: Interpreter) -> None:
    from rich.table import Table
    from rich.text import Text

    console, _ = screen()
    table = Table(title=title)
    for column in ("key", "value", "from"):
        table.add_column(column)
    for name, (value, origin) in rows.items():
        style = "dim" if origin == "default" else ""
        table.add_row(*(Text(text, style=style) for text in (name, reference.spelled(value), origin)))
    console.print(table)
    console.print(Text(f"interpreter: {interpreter.path or 'none'} ({interpreter.why})", overflow="fold"))
