"""The check of sound monitors, on a few files, with honest monitors and with a bad one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from analysis.facts import FactView
from bench import sound
from bench.tokenizers import train
from monitors import registry
from monitors.base import FORBIDDEN, Kind, Lexed
from monitors.utf8 import Utf8


class NoCalls(Utf8):
    """A bad monitor: it claims to be sound, and forbids opening brackets."""

    name = "no_calls"
    kind = Kind.SOUND

    def step(self, state: bytes | None, text: Lexed, view: FactView) -> tuple[float, bytes | None]:
        """Forbid one sign."""
        _, after = super().step(state, text, view)
        return (FORBIDDEN if b"(" in text.data else 0.0), after


def run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[int, dict[str, dict[str, object]]]:
    """Run the program with two small tokenizers; return its exit status and what it wrote."""
    small = train(600, files=5)
    monkeypatch.setattr(sound, "large", lambda folder, console: small)
    status = sound.main(["--files", "6", "--per-file", "3", "--out", str(folder)])
    return status, json.loads((folder / "sound.json").read_text(encoding="utf-8"))["tokenizers"]


def test_sound_monitors_forbid_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every middle is written with both tokenizers, the coarser one in fewer tokens, and nothing is forbidden."""
    status, found = run(tmp_path, monkeypatch)
    assert status == 0
    assert [outcome["refusals"] for outcome in found.values()] == [[], []]
    assert found["embedded"]["cuts"] == found["100k"]["cuts"] >= 9
    assert 0 < found["embedded"]["tokens"] < found["100k"]["tokens"]


def test_a_planted_bad_monitor_makes_it_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is named, with the place."""
    monkeypatch.setitem(registry.FACTORIES, "no_calls", NoCalls)
    monkeypatch.setattr(registry, "DEFAULT", (*registry.DEFAULT, "no_calls"))
    monkeypatch.setattr(registry, "NAMES", (*registry.NAMES, "no_calls"))
    status, found = run(tmp_path, monkeypatch)
    assert status == 1
    refusals = [refusal for outcome in found.values() for refusal in outcome["refusals"]]
    assert {refusal["monitor"] for refusal in refusals} == {"no_calls"}
    assert "no_calls" in (tmp_path / "sound.md").read_text(encoding="utf-8")
