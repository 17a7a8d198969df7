"""The self-test tells a model that was trained to fill in middles from one whose vocabulary spells the tokens."""

from __future__ import annotations

import logging
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from models import selftest
from models.checkpoint_files import EMBEDDED, check_files
from models.checkpoints import LoadedModel, load
from models.selftest import CASES, FimReport
from tests.models import tiny_checkpoints


@pytest.fixture(scope="module")
def untrained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The embedded model with its control tokens forgotten: everything else it knows."""
    folder = tmp_path_factory.mktemp("checkpoints") / "forgetful"
    shutil.copytree(EMBEDDED, folder)
    control = sorted(load().vocabulary.control.values())
    for path in folder.glob("*.safetensors"):
        weights = load_file(path)
        if (table := weights.get("model.embed_tokens.weight")) is not None:
            table[control] = torch.randn(len(control), table.shape[1], generator=torch.manual_seed(1)).to(table) * 0.02
            save_file(weights, path, metadata={"format": "pt"})
    return folder


def warnings_of(caplog: pytest.LogCaptureFixture, model: LoadedModel, cache: Path | None) -> list[str]:
    """Return what is said about a model, to the log as to who opens it."""
    caplog.clear()
    with caplog.at_level(logging.WARNING, "models.selftest"):
        said = selftest.warn(model, cache)
    logged = [record.getMessage() for record in caplog.records]
    assert logged == ([said] if said else [])
    return logged


def test_the_embedded_model_passes() -> None:
    """It was trained to."""
    report = selftest.run(load())
    assert report.trained
    assert report.cases == len(CASES) == 5
    assert report.in_words.startswith(f"trained to fill in middles ({report.passed} of 5 pass")


def test_tokens_that_were_never_trained_are_seen(untrained: Path) -> None:
    """The vocabulary holds them, and the model does not end its middles."""
    report = selftest.run(load(str(untrained)))
    assert not report.trained
    assert report.ending == 0
    assert report.in_words.startswith("not trained to fill in middles (0 of 5 pass")


def test_it_is_said_at_each_load_and_tried_once(
    untrained: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one line that names cause and mend."""
    model = load(str(untrained))
    said = warnings_of(caplog, model, tmp_path / "cache")
    assert len(said) == 1
    assert said[0].startswith("model forgetful was not trained to fill in middles (")
    assert said[0].endswith("; choose one made for infilling, such as Qwen2.5-Coder")
    monkeypatch.setattr(selftest, "run", lambda _: pytest.fail("tried twice"))
    assert warnings_of(caplog, load(str(untrained)), tmp_path / "cache") == said


def test_a_damaged_note_is_made_anew(untrained: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What cannot be read is tried again, and what cannot be written is no error."""
    model = load(str(untrained))
    said = warnings_of(caplog, model, tmp_path)
    next(tmp_path.glob("fim-*.json")).write_text('{"cases": "many"}')
    assert warnings_of(caplog, model, tmp_path) == said
    (tmp_path / "file").touch()
    assert warnings_of(caplog, model, tmp_path / "file") == said
    assert warnings_of(caplog, model, None) == said


def test_the_embedded_model_is_not_tried(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is known, and its start is not delayed."""
    monkeypatch.setattr(selftest, "run", lambda _: pytest.fail("tried"))
    assert warnings_of(caplog, load(), None) == []


def test_a_trained_checkpoint_is_passed_over_in_silence(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A warning is only for what is amiss."""
    assert warnings_of(caplog, replace(load(), identity="some folder"), tmp_path) == []
    assert len(list(tmp_path.glob("fim-some folder.json"))) == 1


@pytest.mark.parametrize("changed", ["model.safetensors", "tokenizer.json"])
def test_other_files_are_another_checkpoint(tmp_path: Path, changed: str) -> None:
    """New weights in the same folder are tried anew."""
    folder = tiny_checkpoints.save(tmp_path / "tiny")
    before = check_files(folder, "tiny").identity
    assert check_files(folder, "tiny").identity == before
    if changed == "model.safetensors":
        tiny_checkpoints.llama().save_pretrained(folder)
    else:
        (folder / changed).write_text((folder / changed).read_text() + "\n")
    assert check_files(folder, "tiny").identity != before


def test_three_of_five_are_enough() -> None:
    """A small trained model may miss some."""
    assert FimReport(5, 3, 5, 3).trained
    assert not FimReport(5, 5, 2, 2).trained
