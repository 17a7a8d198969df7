"""Settings files, and what holds in a workspace by all of them."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from completion.settings import Layer, Level, Settings
from completion.settings.files import MOST_BYTES, project_file, user_file
from completion.settings.holding import Holding, holding, user_settings
from completion.user_folders import config_folder

PYTHON = "/bin/sh"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user of his own, with no environment activated."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    monkeypatch.delenv("CONDA_PREFIX", raising=False)
    config_folder().mkdir(parents=True)
    (tmp_path / "project").mkdir()
    return tmp_path


def at(home: Path, trusted: bool = False, *above: Layer) -> Holding:
    return holding(home / "project", trusted, above)


def say(home: Path, user: str = "", project: str = "") -> None:
    (config_folder() / "verifill.toml").write_text(user)
    (home / "project" / "pyproject.toml").write_text(f"[tool.verifill]\n{project}\n")


def test_the_order_of_places(home: Path) -> None:
    """Project, user, editor, command line: each has the last word over those before it."""
    say(home, "candidates = 2\nmax_tokens = 2\nstrictness = 2", "candidates = 1\nmax_tokens = 1\nstrictness = 1\n")
    editor = Layer("editor", Level.CLIENT, {"maxTokens": 3, "strictness": 3})
    command = Layer("command line", Level.COMMAND, {"strictness": 4})
    found = at(home, False, editor, command).settings
    assert (found.candidates, found.max_tokens, found.strictness) == (2, 3, 4)


def test_a_file_that_is_written_again_counts_at_once(home: Path) -> None:
    """Nothing has to be restarted or told."""
    say(home, project="max_tokens = 5")
    assert at(home).settings.max_tokens == 5
    say(home, project="max_tokens = 6")
    os.utime(home / "project" / "pyproject.toml", ns=(1, 1))
    assert at(home).settings.max_tokens == 6
    (home / "project" / "verifill.toml").write_text("max_tokens = 7")
    assert at(home).settings.max_tokens == 7


@pytest.mark.parametrize("text", ["verifill", "verifill\x00", "[tool]\nverifill = 3", "verifill = " + "[" * 5000])
def test_a_file_that_cannot_be_read_is_said_and_not_used(home: Path, text: str) -> None:
    """One line; everything else holds."""
    (home / "project" / "pyproject.toml").write_text(text)
    (problem,) = at(home).problems
    assert problem.startswith("pyproject.toml: ")
    assert at(home).settings.max_tokens == 64


def test_a_file_that_says_nothing_of_us_may_be_broken(home: Path) -> None:
    """Others will say so."""
    (home / "project" / "pyproject.toml").write_text("[project\n")
    assert at(home).problems == ()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (Path.mkdir, "is a folder, not a file; rename or remove it"),
        (os.mkfifo, "is a pipe or a device, not a file; rename or remove it"),
        (lambda path: path.symlink_to(path), "cannot be read (Too many levels of symbolic links); its settings are"),
        (lambda path: path.write_text("#" * (MOST_BYTES + 1)), "is larger than 1,000,000 bytes; shorten it"),
    ],
)
def test_odd_files_are_said_and_not_used(home: Path, make: Callable[[Path], object], said: str) -> None:
    """One line, whosever file it is; a pyproject.toml is others' business."""
    project, own = home / "project", config_folder()
    make(project / "verifill.toml")
    make(own / "verifill.toml")
    of_project, of_user = at(home).problems
    assert of_project.startswith(f"verifill.toml: {said}")
    assert of_user.startswith(f"your verifill.toml: {said}")
    assert at(home).settings == Settings()


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: path.write_text("#" * (MOST_BYTES + 1))])
def test_an_odd_pyproject_is_the_business_of_others(home: Path, make: Callable[[Path], object]) -> None:
    """Nothing says that it has settings of ours."""
    make(home / "project" / "pyproject.toml")
    assert project_file(home / "project") is None


def test_a_file_that_may_not_be_read_is_said_until_it_may(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither its text nor its time of writing changes with its mode."""
    path = home / "project" / "verifill.toml"
    path.write_text("max_tokens = 5")

    def refuse(path: Path, encoding: str) -> str:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_text", refuse)
        assert at(home).problems == ("verifill.toml: cannot be read (Permission denied); its settings are not used",)
    path.chmod(0o600)
    assert at(home).problems == ()
    assert at(home).settings.max_tokens == 5


def test_problems_of_all_places_come_together(home: Path) -> None:
    """Also what the project asks of the monitors."""
    say(home, "max_tokens = 0\ncolour = 1", "secrets = 1\nmax_tokens = 'x'\nmodel = 'evil/model'")
    starts = (
        "pyproject.toml: secrets: 1 is neither true nor false; ",
        "pyproject.toml: max_tokens: 'x' is not a whole number; using 64",
        'pyproject.toml: model: not to be set here, only by: your own settings file, the command line; using ""',
        "your verifill.toml: max_tokens: 0 is not between 1 and 512; using 64",
        "your verifill.toml: unknown key 'colour'; ",
    )
    problems = at(home, trusted=True).problems
    assert len(problems) == len(starts)
    assert all(problem.startswith(start) for problem, start in zip(problems, starts, strict=True))


def test_the_engine_is_the_users_own(home: Path) -> None:
    """His file is all that is looked at for it."""
    say(home, "model = 'mine'\ndtype = 'float64'", "model = 'evil/model'")
    assert (user_settings().settings.model, user_settings().settings.dtype) == ("mine", "float64")
    assert user_file() is not None


@pytest.mark.parametrize(
    ("trusted", "expected", "why"),
    [(True, PYTHON, "set by pyproject.toml"), (False, "", "none was named, activated or found")],
)
def test_a_project_names_an_interpreter_when_it_is_trusted(home: Path, trusted: bool, expected: str, why: str) -> None:
    """Before that, it is said that it does, and not followed."""
    say(home, project=f"python = '{PYTHON}'")
    found = at(home, trusted)
    assert found.interpreter.path == expected
    assert found.interpreter.why.startswith(why)
    assert len(found.problems) == (0 if trusted else 1)


@pytest.mark.parametrize(
    ("trusted", "user", "expected", "why"),
    [
        (True, "", PYTHON, "the editor's choice"),
        (False, "", "", "none was named, activated or found"),
        (True, "python = '/bin/cat'", "/bin/cat", "set by your verifill.toml"),
    ],
)
def test_the_editors_choice_comes_after_the_setting(
    home: Path, trusted: bool, user: str, expected: str, why: str
) -> None:
    """It may lie in the workspace, so it counts in a trusted one."""
    say(home, user)
    found = at(home, trusted, Layer("editor", Level.CLIENT, {"editorPython": PYTHON})).interpreter
    assert found.path == expected
    assert found.why.startswith(why)


def test_an_interpreter_that_is_none_is_said_and_another_one_used(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next in order."""
    environment = home / "active"
    (environment / "bin").mkdir(parents=True)
    (environment / "bin" / "python").symlink_to(sys.executable)
    monkeypatch.setenv("VIRTUAL_ENV", str(environment))
    say(home, "python = '/gone'")
    found = at(home)
    assert (found.interpreter.path, found.interpreter.why) == (str(environment / "bin" / "python"), "VIRTUAL_ENV")
    (problem,) = found.problems
    assert problem.startswith("python, set by your verifill.toml: /gone is not a program that can be run; ")
