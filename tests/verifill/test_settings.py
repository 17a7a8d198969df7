"""``verifill settings``, and what the command line leaves to them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from completion.settings.reference import json_schema, table
from completion.user_folders import config_folder
from verifill.cli import run
from verifill.options import CompleteOptions, Dtype, ModelOptions, request_of
from verifill.place import Place
from verifill.surroundings import say_once
from verifill.wiring import settings_of


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that says something, of a user who says something else."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    config_folder().mkdir(parents=True)
    (config_folder() / "verifill.toml").write_text("max_tokens = 9\nmodel = 'some/model'\ndtype = 'float64'\n")
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pyproject.toml").write_text(
        "[tool.verifill]\nstrictness = 2.0\nmax_tokens = 5\nmonitors = ['heal']\n"
        "exclude = ['generated/']\nmodel = 'evil'\n"
    )
    monkeypatch.chdir(folder)
    say_once.cache_clear()
    return folder


def test_what_holds_and_who_says_so(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """For people and for programs; what is wrong goes to standard error."""
    assert run(["settings", "--json"]) == 0
    printed = capsys.readouterr()
    found = json.loads(printed.out)
    assert found["workspace"] == str(project)
    assert found["settings"]["strictness"] == {"value": 2.0, "from": "pyproject.toml"}
    assert found["settings"]["max_tokens"] == {"value": 9, "from": "your verifill.toml"}
    assert found["settings"]["candidates"] == {"value": 3, "from": "default"}
    assert printed.err.startswith("verifill: pyproject.toml: model: not to be set here, only by: ")
    assert run(["settings"]) == 0
    out = capsys.readouterr().out
    assert "your verifill.toml" in out
    assert "interpreter: none (none was named" in out


def test_what_is_generated(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Schema and table are printed and nothing else."""
    assert run(["settings", "--schema"]) == 0
    assert json.loads(capsys.readouterr().out) == json_schema()
    assert run(["settings", "--table"]) == 0
    assert capsys.readouterr().out == table()
    assert run(["settings", "--table", "--json"]) == 2


def test_the_command_line_stands_above_the_settings(project: Path) -> None:
    """What it does not say, they do."""
    place = Place(project / "a.py", "x.\n", 2)
    request = request_of(place, CompleteOptions())
    assert (request.limits.max_tokens, request.strictness, request.monitors) == (9, 2.0, ("heal",))
    request = request_of(place, CompleteOptions(max_tokens=3, strictness=1.0, monitors=()))
    assert (request.limits.max_tokens, request.strictness, request.monitors) == (3, 1.0, ())


def test_the_engine_is_the_users_choice(project: Path) -> None:
    """A project's is not asked; the command line is above the user's file."""
    chosen = settings_of(ModelOptions())
    assert (chosen.model, chosen.dtype, chosen.device) == ("some/model", "float64", "auto")
    chosen = settings_of(ModelOptions("other/model", Dtype.FLOAT32, "cpu"))
    assert (chosen.model, chosen.dtype, chosen.device) == ("other/model", "float32", "cpu")


@pytest.mark.parametrize("name", [".env", "generated/a.py"])
def test_an_excluded_file_is_not_completed_and_no_model_is_loaded(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The reason is there; loading would fail, because there is no such model."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    (project / name).parent.mkdir(exist_ok=True)
    (project / name).write_text("x = 1\n")
    assert run(["complete", f"{name}:1", "--json", "--in-process"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["reason"], result["text"], result["model"]) == ("excluded_file", "", "")
    assert run(["complete", f"{name}:1"]) == 0
    assert capsys.readouterr() == ("", "verifill: no completion: this file is excluded\n")
