"""``verifill stats``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from completion.statistics import Happening, write
from verifill.cli import run


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user of his own, with a screen that is wide enough."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "200")


def some() -> None:
    for language in ("python", "markdown"):
        for _ in range(4):
            write(Happening(1, "shown", language, 10))
    write(Happening(2, "accepted", "python", 10))
    write(Happening(2, "accepted_in_part", "python", 4))
    for after, kept in ((30, 14), (120, 7)):
        write(Happening(3, "kept", "python", 10, after, kept - 4))
        write(Happening(3, "kept", "python", 4, after, 4))


def test_nothing_yet(capsys: pytest.CaptureFixture[str]) -> None:
    """It is said how to begin."""
    assert run(["stats"]) == 0
    assert "statistics = true" in capsys.readouterr().err
    assert run(["stats", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {}


def test_the_sums(capsys: pytest.CaptureFixture[str]) -> None:
    """By language and together."""
    some()
    assert run(["stats", "--json"]) == 0
    sums = json.loads(capsys.readouterr().out)
    assert list(sums) == ["markdown", "python", "all"]
    assert sums["all"] == {
        "shown": 8,
        "accepted": 1,
        "accepted_in_part": 1,
        "accepted_characters": 14,
        "kept": {"30": {"characters": 14, "kept": 14}, "120": {"characters": 14, "kept": 7}},
    }
    assert sums["markdown"]["shown"] == 4
    assert sums["python"]["shown"] == 4


def test_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    """Shares are of what was shown, and of what was accepted."""
    some()
    assert run(["stats"]) == 0
    rows = [line.replace("│", "|").split("|") for line in capsys.readouterr().out.splitlines()]
    (python,) = [[cell.strip() for cell in row] for row in rows if "python" in "".join(row)]
    assert python[1:-1] == ["python", "4", "1 (25%)", "1", "14", "100% of 14", "50% of 14"]


def test_an_editor_that_does_not_tell_what_it_shows(capsys: pytest.CaptureFixture[str]) -> None:
    """No share of nothing."""
    write(Happening(2, "accepted", "python", 10))
    assert run(["stats"]) == 0
    assert "%" not in capsys.readouterr().out
