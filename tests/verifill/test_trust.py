"""``verifill trust``."""

from __future__ import annotations

from pathlib import Path

import pytest

from verifill.cli import run


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with an environment of its own that cannot be run unseen, and a user who trusts nothing yet."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    monkeypatch.delenv("CONDA_PREFIX", raising=False)
    folder = tmp_path / "project"
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / "bin" / "python").write_text("#!/bin/sh\n")
    (folder / ".venv" / "bin" / "python").chmod(0o755)
    (folder / "pyproject.toml").touch()
    monkeypatch.chdir(folder)
    return folder


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> tuple[str, str]:
    assert run(arguments) == code
    printed = capsys.readouterr()
    return printed.out, printed.err


def test_trusting_and_no_longer(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The list, the settings and the interpreter follow."""
    python = str(project / ".venv" / "bin" / "python")
    assert said(capsys, "trust", "--list")[0] == ""
    assert python not in said(capsys, "settings", "--json")[0]
    assert f"{project} is trusted" in said(capsys, "trust", ".")[1]
    assert said(capsys, "trust", "--list")[0] == f"{project}\n"
    assert python in said(capsys, "settings", "--json")[0]
    assert "trusted no longer" in said(capsys, "trust", ".", "--remove")[1]
    assert python not in said(capsys, "settings", "--json")[0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give DIR, DIR --remove, or --list"),
        ([".", "--list"], "give DIR, DIR --remove, or --list"),
        (["--list", "--remove"], "give DIR, DIR --remove, or --list"),
        (["gone"], "gone is not a folder"),
        (["..", "--remove"], ".. was not trusted by itself; verifill trust --list shows what is"),
    ],
)
def test_what_cannot_be_meant(
    project: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    """One line, and the code for bad arguments."""
    assert said(capsys, "trust", *arguments, code=2) == ("", f"verifill: {message}\n")
