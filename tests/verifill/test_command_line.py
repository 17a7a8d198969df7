"""The command line: every option arrives, help and version are there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from verifill import __version__, headless, serving
from verifill.cli import app, run
from verifill.headless import Output
from verifill.options import CompleteOptions, Dtype, FactMode, ModelOptions, ServeOptions, names, request_of
from verifill.place import Place

PLAIN = CompleteOptions()
EMBEDDED = ModelOptions()

# One row an option: arguments, and what they change.
OPTIONS = [
    ("--workspace sub", replace(PLAIN, workspace=Path("sub")), EMBEDDED, Output.TEXT),
    ("-n 3", replace(PLAIN, candidates=3), EMBEDDED, Output.TEXT),
    ("--max-tokens 7", replace(PLAIN, max_tokens=7), EMBEDDED, Output.TEXT),
    ("--temperature 0.5", replace(PLAIN, temperature=0.5), EMBEDDED, Output.TEXT),
    ("--seed 11", replace(PLAIN, seed=11), EMBEDDED, Output.TEXT),
    ("--no-monitors", replace(PLAIN, monitors=()), EMBEDDED, Output.TEXT),
    ("--monitors brackets,heal", replace(PLAIN, monitors=("brackets", "heal")), EMBEDDED, Output.TEXT),
    ("--drafters copyspec", replace(PLAIN, drafters=("copyspec",)), EMBEDDED, Output.TEXT),
    ("--drafters none", replace(PLAIN, drafters=()), EMBEDDED, Output.TEXT),
    ("--strictness 2.5", replace(PLAIN, strictness=2.5), EMBEDDED, Output.TEXT),
    ("--facts live", replace(PLAIN, facts=FactMode.LIVE), EMBEDDED, Output.TEXT),
    ("--facts replay:/tmp/log", replace(PLAIN, facts="replay:/tmp/log"), EMBEDDED, Output.TEXT),
    ("--record-facts /tmp/log", replace(PLAIN, record_facts=Path("/tmp/log")), EMBEDDED, Output.TEXT),
    ("--python py", replace(PLAIN, python="py"), EMBEDDED, Output.TEXT),
    ("--trust", replace(PLAIN, trust=True), EMBEDDED, Output.TEXT),
    ("--model some/model", PLAIN, ModelOptions(name="some/model"), Output.TEXT),
    ("--dtype float64", PLAIN, ModelOptions(dtype=Dtype.FLOAT64), Output.TEXT),
    ("--device cuda:1", PLAIN, ModelOptions(device="cuda:1"), Output.TEXT),
    ("--draft-model some/model", PLAIN, ModelOptions(draft="some/model"), Output.TEXT),
    ("--in-process", replace(PLAIN, in_process=True), EMBEDDED, Output.TEXT),
    ("--explain", PLAIN, EMBEDDED, Output.EXPLAIN),
    ("--json", PLAIN, EMBEDDED, Output.JSON),
]

LOCAL = ServeOptions()
SERVE_OPTIONS = [
    ("--host ::1", replace(LOCAL, host="::1"), EMBEDDED),
    ("--port 0", replace(LOCAL, port=0), EMBEDDED),
    ("--token-file secret", replace(LOCAL, token_file=Path("secret")), EMBEDDED),
    ("--python py", replace(LOCAL, python="py"), EMBEDDED),
    ("--trust", replace(LOCAL, trust=True), EMBEDDED),
    ("--in-process", replace(LOCAL, in_process=True), EMBEDDED),
    ("--model some/model", LOCAL, ModelOptions(name="some/model")),
    ("--dtype float64", LOCAL, ModelOptions(dtype=Dtype.FLOAT64)),
    ("--device cuda:1", LOCAL, ModelOptions(device="cuda:1")),
    ("--draft-model some/model", LOCAL, ModelOptions(draft="some/model")),
]


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    """What the command hands over, in place of doing it."""
    calls: list[tuple[object, ...]] = []
    monkeypatch.setattr(headless, "complete", lambda *arguments: calls.append(arguments))
    return calls


@pytest.mark.parametrize(("arguments", "options", "model", "output"), [("", PLAIN, EMBEDDED, Output.TEXT), *OPTIONS])
def test_options_arrive(
    called: list[tuple[object, ...]], arguments: str, options: CompleteOptions, model: ModelOptions, output: Output
) -> None:
    """Each option changes what it names and nothing else."""
    assert run(["complete", "a.py:1", *arguments.split()]) == 0
    assert called == [("a.py:1", options, model, output)]


@pytest.mark.parametrize(("arguments", "options", "model"), [("", LOCAL, EMBEDDED), *SERVE_OPTIONS])
def test_serve_options_arrive(
    monkeypatch: pytest.MonkeyPatch, arguments: str, options: ServeOptions, model: ModelOptions
) -> None:
    """Each option of the server changes what it names, and its exit code is the program's."""
    calls: list[tuple[object, ...]] = []
    monkeypatch.setattr(serving, "serve", lambda *arguments: calls.append(arguments) or 130)
    assert run(["serve", *arguments.split()]) == 130
    assert calls == [(model, options)]


@pytest.mark.parametrize(("name", "rows"), [("complete", OPTIONS), ("serve", SERVE_OPTIONS)])
def test_all_options_have_a_row(name: str, rows: list[tuple[str, object]]) -> None:
    """An option that is added to a command is added to its table above."""
    import typer.main

    command = typer.main.get_command(app).commands[name]  # type: ignore[attr-defined]
    declared = {name for parameter in command.params for name in parameter.opts if name.startswith("-")}
    assert declared - {"--help"} == {arguments.split()[0] for arguments, *_ in rows}


def test_request(tmp_path: Path) -> None:
    """Each setting of the completion has its place in the request."""
    (tmp_path / "pyproject.toml").touch()
    place = Place(tmp_path / "src" / "a.py", "x.\n", 2)
    options = CompleteOptions(
        candidates=2,
        max_tokens=9,
        temperature=0.25,
        seed=5,
        monitors=("heal",),
        drafters=(),
        facts=FactMode.LIVE,
        python="/bin/sh",
    )
    request = request_of(place, options)
    assert (request.document.path, request.document.text, request.offset) == (str(place.path), "x.\n", 2)
    assert request.workspace == str(tmp_path)
    assert request.environment == "/bin/sh"
    assert (request.facts, request.monitors, request.drafters, request.candidates) == ("live", ("heal",), (), 2)
    assert request.limits.max_tokens == 9
    assert (request.sampling.temperature, request.sampling.seed) == (0.25, 5)


def test_workspace(tmp_path: Path) -> None:
    """The workspace is the folder asked for, else the nearest with a project file, else the file's own."""
    inner = tmp_path / "project" / "package"
    inner.mkdir(parents=True)
    (tmp_path / "project" / "setup.cfg").touch()
    place = Place(inner / "a.py", "", 0)
    assert request_of(place, PLAIN).workspace == str(tmp_path / "project")
    assert request_of(place, CompleteOptions(workspace=inner)).workspace == str(inner)


@pytest.mark.parametrize(
    ("text", "expected"), [(None, None), ("none", ()), ("a", ("a",)), (" a, b ,", ("a", "b")), ("", ())]
)
def test_names(text: str | None, expected: tuple[str, ...] | None) -> None:
    """A list of names is split at commas."""
    assert names(text) == expected


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    """--version prints one line."""
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"verifill {__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["complete", "-h"],
        ["lsp", "--help"],
        *([name, "-h"] for name in ("serve", "demo", "engine", "settings", "trust", "stats", "purge")),
    ],
)
def test_help(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    """Every command explains itself."""
    assert run(arguments) == 0
    assert "Usage: verifill" in capsys.readouterr().out


def test_nothing_asked(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a command the help is shown, and that is an error for a script."""
    assert run([]) == 2
    assert "Usage: verifill" in capsys.readouterr().out
