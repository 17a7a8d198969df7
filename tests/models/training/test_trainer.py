"""The loop: the loss falls, a stopped run goes on as if nothing had happened, and time ends it."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch

from models.training.config import CONFIGS, Stage
from models.training.corpus.build import Document
from models.training.loss import middle_weights, next_token_loss
from models.training.muon import orthogonalised
from models.training.rows import RowPacker
from models.training.schedule import DeadlineBudget, StepBudget, rate_factor, stage_index
from models.training.tokenizer import TextCodec
from models.training.trainer import MAX_EPOCHS, Trainer

CONFIG = CONFIGS["tiny"]


@pytest.fixture(scope="session")
def rows(codec: TextCodec, documents: list[Document]) -> list[np.ndarray]:
    found = []
    for stage in CONFIG.stages:
        packer = RowPacker(codec, stage.row_tokens + 1, np.random.default_rng(0))
        for document in documents:
            packer.add(document, None)
        found.append(np.array(packer.rows, np.uint16))
    return found


@pytest.fixture
def make_trainer(codec: TextCodec, rows: list[np.ndarray], tmp_path: Path):
    return lambda: Trainer(CONFIG, rows, codec.special, tmp_path, "cpu")


def never() -> bool:
    return False


def test_the_loss_falls(make_trainer) -> None:
    losses = [report.loss for report in make_trainer().run(StepBudget(40), never)]
    assert len(losses) == 40
    assert losses[0] == pytest.approx(np.log(CONFIG.model.vocab_size), abs=0.2)
    assert np.mean(losses[-5:]) < losses[0] - 0.8


def test_a_resumed_run_equals_one_that_never_stopped(make_trainer) -> None:
    whole, first, second = make_trainer(), make_trainer(), make_trainer()
    expected = [report.loss for report in whole.run(StepBudget(8), never)]
    losses = [report.loss for report in islice(first.run(StepBudget(8), never), 5)]
    first.save()
    assert second.resume()
    losses += [report.loss for report in second.run(StepBudget(8), never)]
    assert losses == expected
    for left, right in zip(whole.model.parameters(), second.model.parameters(), strict=True):
        assert torch.equal(left, right)
    assert second.position.n_tokens == whole.position.n_tokens


def test_no_checkpoint_means_a_fresh_start(make_trainer) -> None:
    trainer = make_trainer()
    assert not trainer.resume()
    assert trainer.position.step == 0


def test_a_stop_is_heard_between_steps(make_trainer) -> None:
    trainer = make_trainer()
    steps = [report.step for report in trainer.run(StepBudget(20), lambda: trainer.position.step == 3)]
    assert steps == [1, 2, 3]


def test_rows_are_read_again_in_another_order_when_all_were_read(
    make_trainer, rows: list[np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Trainer, "_step", lambda self, batch, factor: float(batch.sum()))
    reports = [(report.row_tokens, report.loss) for report in make_trainer().run(StepBudget(100_000), never)]
    for stage, array in zip(CONFIG.stages, rows, strict=True):
        read = [loss for row_tokens, loss in reports if row_tokens == stage.row_tokens]
        n_steps = len(array) // stage.batch_rows
        assert len(read) == MAX_EPOCHS * n_steps
        assert read[:n_steps] != read[n_steps : 2 * n_steps]


def test_small_batches_of_a_step_add_up(make_trainer, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, parts = make_trainer(), make_trainer()
    object.__setattr__(parts, "config", CONFIG.__class__(**{**CONFIG.__dict__, "micro_rows": 3}))
    expected = next(whole.run(StepBudget(5), never)).loss
    assert next(parts.run(StepBudget(5), never)).loss == pytest.approx(expected, rel=1e-2)


@pytest.mark.parametrize(("progress", "index"), [(0.0, 0), (0.59, 0), (0.61, 1), (1.0, 1)])
def test_stages_follow_their_shares(progress: float, index: int) -> None:
    assert stage_index((Stage(64, 0.6, 8), Stage(128, 0.4, 4)), progress) == index


def test_the_rate_warms_up_and_ends_at_zero() -> None:
    factors = [rate_factor(CONFIG, step, step / 100) for step in range(101)]
    assert factors[0] == pytest.approx(1 / CONFIG.warmup_steps)
    assert max(factors) == 1.0 and factors[-1] == 0.0
    assert factors[75] == pytest.approx(0.25 / CONFIG.decay_share)


def test_a_deadline_counts_on_from_a_checkpoint() -> None:
    now = [100.0]
    budget = DeadlineBudget(200.0, done=0.5, clock=lambda: now[0])
    assert budget.progress(0) == 0.5
    now[0] = 150.0
    assert budget.progress(0) == pytest.approx(0.75)
    now[0] = 900.0
    assert budget.progress(0) == 1.0


def test_the_fused_loss_has_the_gradients_of_cross_entropy() -> None:
    torch.manual_seed(0)
    hidden, head = torch.randn(2, 300, 8, requires_grad=True), torch.randn(30, 8, requires_grad=True)
    targets, weights = torch.randint(0, 30, (2, 300)), torch.rand(2, 300)
    losses = torch.nn.functional.cross_entropy((hidden @ head.T).flatten(0, 1), targets.flatten(), reduction="none")
    expected = (losses * weights.flatten()).sum() / weights.sum()
    wanted = torch.autograd.grad(3 * expected, (hidden, head))
    loss = next_token_loss(hidden, head, targets, weights, torch.float32)
    found = torch.autograd.grad(3 * loss, (hidden, head))
    torch.testing.assert_close(loss, expected)
    torch.testing.assert_close(found, wanted)


def test_middles_and_their_ends_weigh_more() -> None:
    middle, end = 9, 0
    ids = torch.tensor([[1, 9, 5, 6, 0, 3, 9, 4]])
    assert middle_weights(ids, middle, end, 3.0).tolist() == [[1.0, 3.0, 3.0, 3.0, 1.0, 1.0, 3.0]]


@pytest.mark.parametrize("shape", [(2, 16, 16), (3, 8, 24), (2, 24, 8)])
def test_orthogonalised_matrices_have_singular_values_near_one(shape: tuple[int, int, int]) -> None:
    torch.manual_seed(0)
    values = torch.linalg.svdvals(orthogonalised(torch.randn(shape), torch.float32))
    assert 0.4 < values.min() and values.max() < 1.3
