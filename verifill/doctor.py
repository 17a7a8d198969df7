"""``verifill doctor``: does everything work here, and how fast?"""

from __future__ import annotations

import enum
import json
import platform
import queue
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from verifill import __version__
from verifill.errors import BROKEN, NO_MODEL, Failure
from verifill.options import ModelOptions
from verifill.surroundings import holding_at
from verifill.terminal import screen, working

if TYPE_CHECKING:
    from rich.console import Console

    from models.checkpoints import LoadedModel

# What jedi is asked, and a name that it has to know.
_QUESTION = "import os\n"
_RECEIVER, _NAME = "os.path", "dirname"
_ANSWER_WITHIN_S = 30.0

# Passes over so many tokens: one token, and drafts of usual lengths.
_WIDTHS = (1, 2, 4, 8)

_MODEL = "model"


class State(enum.StrEnum):
    """How something is."""

    OK = "ok"
    WARNING = "warning"
    BROKEN = "broken"


_COLOURS = {State.OK: "green", State.WARNING: "yellow", State.BROKEN: "bold red"}


@dataclass(frozen=True)
class Finding:
    """What came of looking at one thing.

    Attributes:
        name: The thing.
        state: How it is.
        words: One line for people.
        values: The same for programs.
    """

    name: str
    state: State
    words: str
    values: Mapping[str, Any]


def examine(options: ModelOptions, python: str | None, trust: bool, as_json: bool) -> int:
    """Look at everything, print what was found, and return the exit code.

    Args:
        options: The model to look at.
        python: The user's interpreter; None to look for it.
        trust: Whether programs of the working directory may be run.
        as_json: Print one object instead of lines.
    """
    console, _ = screen()
    looks: Mapping[str, Callable[[], Iterable[Finding]]] = {
        "program": _program,
        _MODEL: partial(_model, options),
        "analysis": partial(_analysis, python, trust),
        "syntax": _syntax,
        "languages": _languages,
    }
    findings: list[Finding] = []
    with working("looking") as say:
        for name, look in looks.items():
            say(name)
            try:
                findings += look()
            except Exception as error:  # noqa: BLE001  whatever is broken here is what is looked for
                findings.append(Finding(name, State.BROKEN, f"{type(error).__name__}: {error}", {}))
    broken = {finding.name for finding in findings if finding.state is State.BROKEN}
    if as_json:
        rows = {f.name: {"state": f.state.value, "words": f.words, **f.values} for f in findings}
        sys.stdout.write(json.dumps({"ok": not broken, "found": rows}) + "\n")
    else:
        _print(console, findings)
    return NO_MODEL if _MODEL in broken else BROKEN if broken else 0


def _program() -> Iterator[Finding]:
    """Name the versions."""
    versions = {"verifill": __version__, "python": platform.python_version(), "on": platform.platform()}
    yield Finding("program", State.OK, ", ".join(f"{name} {value}" for name, value in versions.items()), versions)


def _model(options: ModelOptions) -> Iterator[Finding]:
    """Load the model, try it, and take its time."""
    from models import checkpoints, selftest
    from models.errors import ModelError
    from verifill.wiring import settings_of

    settings = settings_of(options)
    try:
        model = checkpoints.load(settings.model, settings.dtype, settings.device)
    except ModelError as error:
        yield Finding(_MODEL, State.BROKEN, str(error), {})
        return
    slower = model.placement != model.device
    words = f"{model.name}, {model.dtype}, {model.placement}, context {model.engine.max_length}"
    values = {"name": model.name, "dtype": model.dtype, "device": model.device, "placement": model.placement}
    yield Finding(_MODEL, State.WARNING if slower else State.OK, words, values)
    report = selftest.run(model)
    state = State.OK if report.trained else State.BROKEN
    tried = {"format": model.format.name, "cases": report.cases, "passed": report.passed}
    yield Finding("infilling", state, f"{model.format.name}; {report.in_words}", tried)
    yield _speed(model)


def _speed(model: LoadedModel) -> Finding:
    """Measure passes beside a prompt of usual length."""
    from models.engines.cost import CONTEXT, measuring

    steps = measuring(model.engine, repeats=3)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            curve = end.value
            break
    times = {str(n): round(1000 * curve.at(n), 2) for n in _WIDTHS}
    words = ", ".join(f"{n}: {ms:.2f}" for n, ms in times.items())
    context = min(CONTEXT, model.engine.max_length)
    return Finding("speed", State.OK, f"ms a pass by tokens, {context} before them: {words}", {"ms": times})


def _analysis(python: str | None, trust: bool) -> Iterator[Finding]:
    """Ask a worker process a question with a known answer, in the user's environment."""
    from analysis.analyzers.jedi.pool import JediPool
    from analysis.facts import BaseDocument, Fact, FactKey

    here = Path.cwd()
    try:
        found = holding_at(here, python, trust).interpreter
    except Failure as error:
        yield Finding("analysis", State.BROKEN, str(error), {})
        return
    document = BaseDocument(str(here / "doctor.py"), str(here), _QUESTION, "", environment=found.path)
    answers: queue.Queue[Fact | None] = queue.Queue()
    pool = JediPool(1)
    try:
        pool.submit(document, FactKey("attributes", document.digest, _RECEIVER), answers.put)
        fact = answers.get(timeout=_ANSWER_WITHIN_S)
    except queue.Empty:
        fact = None
    finally:
        pool.close()
    shown = f"{found.path or 'the standard library alone'}: {found.why}"
    values = {"environment": found.path, "why": found.why, "untrusted": found.untrusted}
    if fact is None or _NAME not in fact.names:
        yield Finding("analysis", State.BROKEN, f"the jedi worker does not answer ({shown})", values)
    else:
        state = State.WARNING if found.untrusted else State.OK
        yield Finding("analysis", state, f"the jedi worker answers, {fact.origin} ({shown})", values)


def _syntax() -> Iterator[Finding]:
    """Parse a header and see that it awaits its block."""
    from analysis.syntax import SyntaxWindow

    works = SyntaxWindow.of(b"if x:\n").awaits_block()
    words = "tree-sitter parses" if works else "tree-sitter does not parse; reinstall tree-sitter-python"
    yield Finding("syntax", State.OK if works else State.BROKEN, words, {})


def _languages() -> Iterator[Finding]:
    """Look whether what was added for other languages is still there; verifill languages doctor asks it."""
    from analysis.analyzers.language_servers.home import Home, program
    from completion.analysis import languages_folder

    home = Home(languages_folder())
    for server, installed in home.all_installed():
        again = f"; verifill languages add {server.name}"
        words, state = f"{installed.version}, {installed.source}", State.OK
        if not program(server, home.of(server), installed).exists():
            words, state = f"{installed.source}: the server is not there any more{again}", State.WARNING
        elif not home.bridge_is_current():
            words, state = f"this version of Verifill wants it added again{again}", State.WARNING
        yield Finding(server.name, state, words, {"server": installed.version})


def _print(console: Console, findings: list[Finding]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    for finding in findings:
        state = Text(finding.state.value, style=_COLOURS[finding.state])
        table.add_row(state, finding.name, Text(finding.words, overflow="fold"))
    console.print(table)
