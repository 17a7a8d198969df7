"""Measuring what a pass costs, and keeping it."""

from __future__ import annotations

import itertools
import json
import stat
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from models import calibration
from models.calibration import Calibration, calibrating
from models.checkpoints import LoadedModel
from models.engines.cost import SIZES, CostCurve, measuring
from models.engines.testing import TinyEngine
from models.formats import detect
from models.vocabulary import Vocabulary
from tests.models import tiny_tokenizers

MODEL = Calibration(2, CostCurve((1, 2, 4), (0.001, 0.0015, 0.002)))


def run_out(steps: Generator[None, None, Any]) -> tuple[int, Any]:
    """Return how often work yielded, and what it returned."""
    for count in itertools.count():
        try:
            next(steps)
        except StopIteration as end:
            return count, end.value
    raise AssertionError


@pytest.fixture
def model() -> LoadedModel:
    """A tiny engine as a loaded model."""
    vocabulary = Vocabulary.of(tiny_tokenizers.qwen())
    return LoadedModel("tiny", TinyEngine(330, 128), vocabulary, detect(vocabulary), "float64", "cpu", "cpu")


def test_the_least_time_of_each_size_counts() -> None:
    """A disturbed pass is not believed, and a later size is never cheaper than an earlier one."""
    now = 0.0
    taken = iter([*(10.0 for _ in SIZES), *(float(20 - size) if size > 16 else float(size) for size in SIZES)])

    def clock() -> float:
        nonlocal now
        clock.calls += 1  # type: ignore[attr-defined]
        now += next(taken) if clock.calls % 2 == 0 else 0.0  # type: ignore[attr-defined]
        return now

    clock.calls = 0  # type: ignore[attr-defined]
    _, curve = run_out(measuring(TinyEngine(40, 200), repeats=2, clock=clock))
    assert curve.tokens == SIZES
    assert curve.seconds == (1, 2, 3, 4, 6, 8, 10, 10, 10, 10)


def test_measuring_lets_others_in_between_passes() -> None:
    """Work yields before each pass, and sizes that the model has no room for are left out."""
    steps, curve = run_out(measuring(TinyEngine(40, 30), repeats=3))
    assert curve.tokens == (1, 2, 3, 4, 6, 8, 12)
    assert steps == 1 + 3 * len(curve.tokens)


def test_calibrating_leaves_the_better_number_of_threads(model: LoadedModel) -> None:
    """Whatever is found is set, and between two passes torch's threads are what they were."""
    before = torch.get_num_threads()
    seen = set()
    steps = calibrating(model)
    try:
        while True:
            next(steps)
            seen.add(torch.get_num_threads())
    except StopIteration as end:
        found = end.value
    assert seen == {before}
    assert found.threads == torch.get_num_threads()
    torch.set_num_threads(before)


def test_a_measurement_is_read_again(tmp_path: Path, model: LoadedModel) -> None:
    """In a folder for the user alone, by the very model that it was made with."""
    folder = tmp_path / "cache" / "calibration"
    calibration.write(folder, model, MODEL)
    assert calibration.read(folder, model) == MODEL
    (file,) = folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("change", [{"dtype": "float32"}, {"name": "another"}, {"device": "cuda"}])
def test_another_model_has_a_measurement_of_its_own(
    tmp_path: Path, model: LoadedModel, change: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Precision, model and device are part of what was measured."""
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "a card")
    calibration.write(tmp_path, model, MODEL)
    assert calibration.read(tmp_path, replace(model, **change)) is None


def test_another_torch_is_measured_anew(tmp_path: Path, model: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kernels change from version to version."""
    calibration.write(tmp_path, model, MODEL)
    monkeypatch.setattr(torch, "__version__", "9.9")
    assert calibration.read(tmp_path, model) is None


DAMAGED = [
    "",
    "[]",
    "{}",
    json.dumps({"threads": 0, "tokens": [1], "seconds": [1.0]}),
    json.dumps({"threads": 1, "tokens": [2], "seconds": [1.0]}),
    json.dumps({"threads": 1, "tokens": [1, 2], "seconds": [1.0]}),
    json.dumps({"threads": 1, "tokens": [1], "seconds": [0]}),
    json.dumps({"threads": 1, "tokens": [], "seconds": []}),
    json.dumps({"threads": 1, "tokens": ["x"], "seconds": [1.0]}),
    json.dumps({"threads": 1, "tokens": [1, 1], "seconds": [1.0, 2.0]}),
    json.dumps({"threads": 1, "tokens": [1], "seconds": [float("nan")]}),
]


@pytest.mark.parametrize("text", DAMAGED)
def test_a_damaged_file_is_no_measurement(tmp_path: Path, model: LoadedModel, text: str) -> None:
    """It is measured again, without a word."""
    calibration.write(tmp_path, model, MODEL)
    (file,) = tmp_path.iterdir()
    file.write_text(text)
    assert calibration.read(tmp_path, model) is None


def test_where_nothing_can_be_written_nothing_breaks(tmp_path: Path, model: LoadedModel) -> None:
    """A folder that cannot be made costs a measurement each time, no more."""
    (tmp_path / "file").write_text("")
    calibration.write(tmp_path / "file" / "folder", model, MODEL)
    assert calibration.read(tmp_path / "file" / "folder", model) is None
