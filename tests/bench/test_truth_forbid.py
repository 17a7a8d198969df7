"""The measurement of truth-forbid rates, on a few lines, with honest monitors and with a bad one."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from analysis.facts import FactView
from bench.sites import STANDARD_LIBRARY, attribute_lines, python_files
from bench.truth_forbid import main
from monitors import registry
from monitors.base import FORBIDDEN, Kind, Lexed
from monitors.heal import Heal


class NoSelf(Heal):
    """A bad monitor: it claims to be sound, and forbids ``self``."""

    name = "no_self"
    kind = Kind.SOUND

    def score(self, state: bytes | None, text: Lexed, view: FactView) -> float:
        """Forbid the last letter."""
        return FORBIDDEN if any(scan.name == b"self" for scan in text.after) else 0.0


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep jedi's cache out of the user's."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def run(folder: Path, *options: str) -> tuple[int, dict[str, Any]]:
    """Run the program; return its exit status and what it wrote."""
    status = main([*options, "--out", str(folder), "--groups", STANDARD_LIBRARY, "--workers", "1"])
    return status, json.loads((folder / "truth_forbid.json").read_text(encoding="utf-8"))


@pytest.mark.slow
def test_a_small_run(tmp_path: Path) -> None:
    """Fifteen lines are replayed, every name is counted once, and no sound monitor forbids the truth."""
    status, result = run(tmp_path, "--files", "5", "--per-file", "3", "--sound-files", "10")
    assert status == 0
    assert result["lines"] == 15
    assert result["sound"] == {"cuts": 30, "forbidden": []}
    assert result["groups"][STANDARD_LIBRARY]["names"] == sum(row["sites"] for row in result["kinds"].values())
    assert set(result["groups"]) == {STANDARD_LIBRARY}
    known = sum(row["sites"] for kind, row in result["kinds"].items() if kind not in ("store", "unknown", "unresolved"))
    assert known == result["groups"][STANDARD_LIBRARY]["sites"] >= 10
    report = (tmp_path / "truth_forbid.md").read_text(encoding="utf-8")
    assert report.startswith("Sound monitors forbade the truth at 0 of 30 cuts.")


def test_a_bad_monitor_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A monitor that says it is sound and forbids what stands in files makes the run fail."""
    factories = {**registry.FACTORIES, "no_self": NoSelf}
    monkeypatch.setattr(registry, "FACTORIES", factories)
    monkeypatch.setattr(registry, "DEFAULT", tuple(factories))
    status, result = run(tmp_path, "--files", "0", "--sound-files", "10")
    assert status == 1
    assert {refusal["monitor"] for refusal in result["sound"]["forbidden"]} == {"no_self"}


def test_held_out_packages_are_refused(tmp_path: Path) -> None:
    """What is held out is not even listed."""
    with pytest.raises(ValueError, match="^Rich is held out from all development$"):
        python_files("Rich", tmp_path, random.Random(0))


def test_missing_packages_are_named(tmp_path: Path) -> None:
    """A distribution that is not there is a clear error."""
    with pytest.raises(LookupError, match="^nothing is not installed in .*; pip install it there$"):
        next(attribute_lines("nothing", tmp_path, 1, 1, 0))


def test_lines_put_the_file_together_again() -> None:
    """A line with its surroundings is the file, and the same seed draws the same lines."""
    lines = list(attribute_lines(STANDARD_LIBRARY, Path(), 2, 2, 3))
    for line in lines:
        assert line.prefix + line.text + "\n" + line.suffix == line.path.read_text(encoding="utf-8")
        assert "." in line.text
    assert lines == list(attribute_lines(STANDARD_LIBRARY, Path(), 2, 2, 3))
