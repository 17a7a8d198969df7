"""``verifill doctor``: everything is looked at for real, and what is broken is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from analysis.analyzers.jedi import pool as jedi_pool
from tests.models import tiny_checkpoints
from verifill.cli import run


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory and caches of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(jedi_pool, "user_cache", lambda: tmp_path / "cache")
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def examined(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    """Run with ``--json``, and return the exit code and what was found."""
    code = run(["doctor", "--json", *words])
    value = json.loads(capsys.readouterr().out)
    assert value["ok"] is (code == 0)
    return code, value["found"]


def test_all_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    """With the embedded model and what is installed here."""
    code, found = examined(capsys, "--device", "cpu")
    assert code == 0
    assert {row["state"] for row in found.values()} == {"ok"}
    assert found["model"]["name"] == "embedded"
    assert (found["infilling"]["format"], found["infilling"]["cases"]) == ("qwen-coder", 5)
    assert list(found["speed"]["ms"]) == ["1", "2", "4", "8"]
    assert all(ms > 0 for ms in found["speed"]["ms"].values())
    assert found["analysis"]["environment"] == ""


def test_an_interpreter_that_is_not_trusted_is_a_warning(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """It is named and not run."""
    python = folder / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\ntouch '{folder}/executed'\n")
    python.chmod(0o755)
    code, found = examined(capsys, "--device", "cpu")
    assert (code, found["analysis"]["state"], found["analysis"]["untrusted"]) == (0, "warning", str(python))
    assert "the workspace's .venv is not run before you trust the workspace" in found["analysis"]["words"]
    assert not (folder / "executed").exists()


def test_a_random_model_is_broken(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """It loads, and does not fill in; the lines for people say so, too."""
    tiny_checkpoints.save(folder / "tiny")
    capsys.readouterr()  # transformers shows how it saves
    code, found = examined(capsys, "--model", "tiny")
    assert code == 1
    assert [name for name, row in found.items() if row["state"] == "broken"] == ["infilling"]
    assert run(["doctor", "--model", "tiny"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("broken   infilling") or line.startswith("broken  infilling") for line in lines)


def test_a_model_that_cannot_be_loaded(capsys: pytest.CaptureFixture[str]) -> None:
    """It is named with the mend, the rest is looked at all the same, and the exit code is that of a bad model."""
    code, found = examined(capsys, "--model", "./gone")
    assert code == 3
    assert found["model"]["words"].startswith("no folder ./gone; give a checkpoint folder")
    assert found["analysis"]["state"] == found["syntax"]["state"] == "ok"


def test_analysis_that_does_not_answer(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that lacks a name that is there counts as none, and a crash is a finding."""
    monkeypatch.setattr("verifill.doctor._NAME", "nonsense")
    monkeypatch.setattr("analysis.syntax.SyntaxWindow.of", lambda _: {}["parser"])
    code, found = examined(capsys)
    assert code == 1
    assert found["analysis"]["words"] == (
        "the jedi worker does not answer (the standard library alone: none was named, activated or found)"
    )
    assert (found["syntax"]["state"], found["syntax"]["words"]) == ("broken", "KeyError: 'parser'")


def test_an_interpreter_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    """The analysis says why."""
    code, found = examined(capsys, "--python", "gone", "--model", "./gone")
    assert code == 3
    assert found["analysis"]["words"].startswith("--python: gone is not a program that can be run")
