"""``verifill train``: every option arrives, and its ends are exit codes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from models.training.config import CONFIGS, Recipe
from verifill import train
from verifill.cli import app, run
from verifill.options import ModelSize

PLAIN = Recipe("nano", 60.0, Path("out"))

# One row an option: arguments, and the recipe that they make.
OPTIONS = [
    ("--out other", replace(PLAIN, out=Path("other"))),
    ("--config small", replace(PLAIN, config="small")),
    ("--minutes 2.5", replace(PLAIN, minutes=2.5)),
    ("--archives a --archives b", replace(PLAIN, archives=(Path("a"), Path("b")))),
    ("--held-out h", replace(PLAIN, held_out=Path("h"))),
    ("--benchmarks b", replace(PLAIN, benchmarks=Path("b"))),
    ("--corpus c", replace(PLAIN, corpus=Path("c"))),
    ("--tokenizer t", replace(PLAIN, tokenizer=Path("t"))),
    ("--init-from i", replace(PLAIN, init_from=Path("i"))),
]


@pytest.mark.parametrize(("arguments", "recipe"), [("", PLAIN), *OPTIONS])
def test_options_arrive(monkeypatch: pytest.MonkeyPatch, arguments: str, recipe: Recipe) -> None:
    """Each option changes what it names and nothing else."""
    recipes: list[Recipe] = []
    monkeypatch.setattr(train, "run", recipes.append)
    assert run(["train", "--out", "out", *arguments.split()]) == 0
    assert recipes == [recipe]


def test_all_options_have_a_row() -> None:
    """An option that is added to the command is added to the table above."""
    import typer.main

    command = typer.main.get_command(app).commands["train"]  # type: ignore[attr-defined]
    declared = {name for parameter in command.params for name in parameter.opts if name.startswith("-")}
    assert declared - {"--help"} == {arguments.split()[0] for arguments, _ in OPTIONS}


def test_every_size_can_be_trained() -> None:
    """The command offers what the training program has."""
    assert [size.value for size in ModelSize] == list(CONFIGS)


def test_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    """The command explains itself by example."""
    assert run(["train", "-h"]) == 0
    assert "verifill train --out run" in capsys.readouterr().out


def test_a_finished_model_is_announced_with_its_use(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What to do with the model stands at the end."""
    monkeypatch.setattr(train, "follow", lambda recipe, console: recipe.out / "model")
    assert run(["train", "--out", "o"]) == 0
    assert "verifill complete FILE:LINE --model o/model" in capsys.readouterr().out


def test_an_interruption_says_how_to_go_on(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A stopped training is no error of the program and loses nothing."""
    monkeypatch.setattr(train, "follow", lambda recipe, console: None)
    assert run(["train", "--out", "o"]) == 130
    assert capsys.readouterr().err == "verifill: stopped, nothing is lost; the same command goes on\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("", "Missing option '--out'."),
        ("--out o --config huge", "Invalid value for '--config': 'huge' is not one of 'tiny', 'nano', 'small'."),
        ("--out o --minutes 0", "Invalid value for '--minutes': Input should be greater than or equal to 0.01"),
        ("--out o --archives gone", "gone is not a folder"),
        ("--out file", "file is not a folder"),
    ],
)
def test_bad_input_is_one_line(
    arguments: str,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Bad input gets a line that names the cause, and exit code 2."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    assert run(["train", *arguments.split()]) == 2
    assert capsys.readouterr().err == f"verifill: {message}\n"
