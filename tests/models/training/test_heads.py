"""Extra heads learn to guess ahead and leave the model as it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from models.training.cli import main
from models.training.config import CONFIGS
from models.training.export import export_model
from models.training.heads import (
    FILE_NAME,
    ResidualHeads,
    head_accuracy,
    heads_loss,
    load_heads,
    save_heads,
    train_heads,
)
from models.training.model import Decoder
from models.training.schedule import StepBudget

CONFIG = CONFIGS["tiny"]
N_HEADS = 3
CYCLE = 7


@pytest.fixture
def trunk() -> Decoder:
    """A decoder without training, whose words are as far apart as those of one with it."""
    torch.manual_seed(0)
    trunk = Decoder(CONFIG.model).eval()
    with torch.no_grad():
        trunk.model.embed_tokens.weight.mul_(10)
    return trunk


@pytest.fixture
def rows() -> np.ndarray:
    """Rows in which every token tells all that follow: they count up in a circle."""
    starts = np.random.default_rng(0).integers(0, CYCLE, (1_300, 1))
    return ((starts + np.arange(9)) % CYCLE).astype(np.uint16)


def test_new_heads_repeat_what_the_trunk_says(trunk: Decoder) -> None:
    hidden = torch.randn(2, 5, CONFIG.model.hidden_size)
    assert all(torch.equal(states, hidden) for states in ResidualHeads(N_HEADS, CONFIG.model.hidden_size)(hidden))


def test_the_loss_is_that_of_the_token_further_on(trunk: Decoder) -> None:
    torch.manual_seed(1)
    heads = ResidualHeads(2, CONFIG.model.hidden_size)
    rows = torch.randint(0, 50, (2, 9))
    with torch.no_grad():
        hidden = trunk(rows[:, :-1])
        logits = [torch.nn.functional.linear(h, trunk.model.embed_tokens.weight) for h in heads(hidden)]
        expected = [
            torch.nn.functional.cross_entropy(logits[0][:, :-1].flatten(0, 1), rows[:, 2:].flatten()),
            torch.nn.functional.cross_entropy(logits[1][:, :-2].flatten(0, 1), rows[:, 3:].flatten()),
        ]
    assert heads_loss(trunk, heads, rows).item() == pytest.approx(sum(expected).item() / 2, rel=2e-2)


def test_training_teaches_the_heads_and_leaves_the_trunk(trunk: Decoder, rows: np.ndarray) -> None:
    before = [weight.clone() for weight in trunk.parameters()]
    heads = ResidualHeads(N_HEADS, CONFIG.model.hidden_size)
    test_rows = torch.from_numpy(rows[:20].astype(np.int64))
    assert max(head_accuracy(trunk, heads, test_rows)) < 0.1
    losses = list(train_heads(trunk, heads, rows[20:], StepBudget(300), batch_rows=4))
    assert len(losses) == 300 and losses[-1] < losses[0] / 2
    assert min(head_accuracy(trunk, heads, test_rows)) > 0.9
    for left, right in zip(before, trunk.parameters(), strict=True):
        assert torch.equal(left, right) and right.grad is None


def test_rows_are_read_once(trunk: Decoder, rows: np.ndarray) -> None:
    heads = ResidualHeads(1, CONFIG.model.hidden_size)
    assert len(list(train_heads(trunk, heads, rows[:40], StepBudget(1_000), batch_rows=8))) == 5


def test_heads_are_a_file_beside_the_model_that_engines_pass_by(
    trunk: Decoder, tokenizer_folder: Path, tmp_path: Path
) -> None:
    export_model(trunk.state_dict(), CONFIG.model, tokenizer_folder, tmp_path)
    heads = ResidualHeads(N_HEADS, CONFIG.model.hidden_size)
    with torch.no_grad():
        for weight in heads.parameters():
            weight.normal_().copy_(weight.bfloat16())
    save_heads(heads, tmp_path)
    for left, right in zip(heads.parameters(), load_heads(tmp_path).parameters(), strict=True):
        assert torch.equal(left, right)
    names = {
        name for name, _ in AutoModelForCausalLM.from_pretrained(tmp_path, local_files_only=True).named_parameters()
    }
    assert not any("heads" in name for name in names)


def test_new_weights_come_without_the_old_heads(trunk: Decoder, tokenizer_folder: Path, tmp_path: Path) -> None:
    export_model(trunk.state_dict(), CONFIG.model, tokenizer_folder, tmp_path)
    save_heads(ResidualHeads(1, CONFIG.model.hidden_size), tmp_path)
    export_model(trunk.state_dict(), CONFIG.model, tokenizer_folder, tmp_path)
    assert not (tmp_path / FILE_NAME).exists()


def test_the_subcommand_trains_heads_for_an_exported_model(
    trunk: Decoder, tokenizer_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    export_model(trunk.state_dict(), CONFIG.model, tokenizer_folder, tmp_path / "model")
    (tmp_path / "rows").mkdir()
    rng = np.random.default_rng(0)
    for index, stage in enumerate(CONFIG.stages):
        rng.integers(0, 99, (150, stage.row_tokens + 1)).astype(np.uint16).tofile(
            tmp_path / "rows" / f"rows-{index}.bin"
        )
    line = f"heads --config tiny --model {tmp_path}/model --rows {tmp_path}/rows --heads 2 --steps 2"
    assert main(line.split()) == 0
    assert len(list(load_heads(tmp_path / "model").parameters())) == 2
    assert "2 steps" in capsys.readouterr().out
