"""A session tells about a run and survives a signal."""

from __future__ import annotations

import io
import json
import signal
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from models.training.checkpoint import FILE_NAME
from models.training.config import CONFIGS
from models.training.corpus.build import Document
from models.training.schedule import StepBudget
from models.training.session import SHOW_EVERY, Session
from models.training.tokenizer import TextCodec
from models.training.trainer import MAX_EPOCHS, Trainer


@dataclass
class SignalBudget:
    """A budget of 40 steps that raises a signal before the step `at`."""

    at: int

    def progress(self, step: int) -> float:
        if step == self.at:
            signal.raise_signal(signal.SIGTERM)
        return step / 40


@pytest.fixture
def trainer(codec: TextCodec, tmp_path: Path) -> Trainer:
    config = CONFIGS["tiny"]
    rng = np.random.default_rng(0)
    rows = [rng.integers(0, 99, (400, stage.row_tokens + 1)).astype(np.uint16) for stage in config.stages]
    return Trainer(config, rows, codec.special, tmp_path, "cpu")


def test_a_signal_ends_the_run_after_the_step_with_a_checkpoint(
    trainer: Trainer, codec: TextCodec, tmp_path: Path
) -> None:
    before = signal.getsignal(signal.SIGTERM)
    session = Session(trainer, codec, [], tmp_path, Console(file=io.StringIO()))
    assert not session.run(SignalBudget(at=3), 60.0, 100)
    assert signal.getsignal(signal.SIGTERM) is before
    assert trainer.position.step == 4
    assert (tmp_path / FILE_NAME).exists()
    assert trainer.resume() and trainer.position.step == 4


def test_what_happens_is_logged_and_shown(
    trainer: Trainer, codec: TextCodec, documents: list[Document], tmp_path: Path
) -> None:
    shown = io.StringIO()
    session = Session(trainer, codec, [documents[2].text[:6_000]], tmp_path, Console(file=shown))
    session.run(SignalBudget(at=SHOW_EVERY), 60.0, SHOW_EVERY)
    records = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert {"loss", "tokens", "tokens_per_second", "progress"} <= set(records[0])
    assert 0 < records[1]["bits_per_byte"] < 10
    for words in (" left", "bits per byte", "truth", "model"):
        assert words in shown.getvalue()


def test_a_terminal_shows_a_bar_in_place_of_lines(
    trainer: Trainer, codec: TextCodec, documents: list[Document], tmp_path: Path
) -> None:
    shown = io.StringIO()
    console = Console(file=shown, force_terminal=True, width=160)
    budget = StepBudget(SHOW_EVERY + 1)
    assert Session(trainer, codec, [documents[2].text[:6_000]], tmp_path, console).run(budget, 60.0, 100)
    words = shown.getvalue()
    assert "tokens/s" in words and "━" in words and "bits per byte" in words
    assert f"step {SHOW_EVERY} (" not in words


def test_a_run_that_ends_early_for_want_of_text_says_so(codec: TextCodec, tmp_path: Path) -> None:
    config = CONFIGS["tiny"]
    rows = [np.zeros((stage.batch_rows, stage.row_tokens + 1), np.uint16) for stage in config.stages]
    shown = io.StringIO()
    trainer = Trainer(config, rows, codec.special, tmp_path, "cpu")
    Session(trainer, codec, [], tmp_path, Console(file=shown, width=160)).run(StepBudget(100), 60.0, 100)
    assert trainer.position.step == MAX_EPOCHS * len(config.stages)
    assert "a larger corpus" in shown.getvalue()
