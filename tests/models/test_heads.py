"""Extra heads: what training saved guesses the same here, and a file that does not fit is named."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional as F

from models import heads as heads_module
from models.checkpoints import load
from models.errors import ModelError
from models.heads import FILE_NAME
from models.training.heads import ResidualHeads, save_heads
from tests.models import tiny_checkpoints

N_HEADS, WIDTH = 3, 32


@pytest.fixture(scope="module")
def trained() -> ResidualHeads:
    """Heads as training makes them, with weights that 16 bits hold."""
    torch.manual_seed(3)
    heads = ResidualHeads(N_HEADS, WIDTH)
    for weight in heads.parameters():
        weight.data = torch.randn_like(weight).bfloat16().float()
    return heads


@pytest.fixture
def folder(tmp_path: Path, trained: ResidualHeads) -> Path:
    """A checkpoint with heads beside it."""
    saved = tiny_checkpoints.save(tmp_path, tiny_checkpoints.qwen2(tie_word_embeddings=True))
    save_heads(trained, saved)
    return saved


def test_heads_guess_what_training_says(folder: Path, trained: ResidualHeads) -> None:
    """Tokens and probabilities are those of the layers that were trained, the nearest first."""
    model = load(str(folder))
    assert model.heads is not None
    assert len(model.heads) == N_HEADS
    state = model.engine.forward(model.engine.new_slab(), (5, 6, 7)).hidden
    assert state is not None
    embedding = load_file(folder / "model.safetensors")["model.embed_tokens.weight"]
    with torch.inference_mode():
        expected = torch.stack([F.linear(turned, embedding) for turned in trained(state[-1])]).softmax(dim=-1)
    guessed = model.heads.guess(state[-1], N_HEADS)
    assert [token for token, _ in guessed] == expected.argmax(dim=-1).tolist()
    assert [likely for _, likely in guessed] == pytest.approx(expected.amax(dim=-1).tolist(), rel=1e-3)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float64"])
def test_heads_run_in_the_precision_of_the_model(folder: Path, dtype: str) -> None:
    """Whatever the precision, they take the states that the engine tells."""
    model = load(str(folder), dtype)
    state = model.engine.forward(model.engine.new_slab(), (5,)).hidden
    assert model.heads is not None
    assert state is not None
    assert len(model.heads.guess(state[0], 2)) == 2


def test_only_the_heads_that_are_wanted_are_asked(folder: Path) -> None:
    """Fewer guesses are the first of more, and there are no more than heads."""
    heads = load(str(folder)).heads
    assert heads is not None
    state = torch.randn(WIDTH, generator=torch.Generator().manual_seed(1))
    every = heads.guess(state, 9)
    assert len(every) == N_HEADS
    assert [token for token, _ in heads.guess(state, 1)] == [every[0][0]]


def test_only_frequent_tokens_are_guessed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ids behind the first ones are no candidates."""
    monkeypatch.setattr(heads_module, "CANDIDATES", 10)
    heads = load(str(folder)).heads
    assert heads is not None
    states = torch.randn(20, WIDTH, generator=torch.Generator().manual_seed(1))
    assert max(token for state in states for token, _ in heads.guess(state, N_HEADS)) < 10


def test_without_a_file_there_are_no_heads(tmp_path: Path) -> None:
    """Most checkpoints have none."""
    assert load(str(tiny_checkpoints.save(tmp_path))).heads is None


def test_a_model_with_a_head_of_its_own_passes_them_by(tmp_path: Path, trained: ResidualHeads) -> None:
    """Heads are trained on the embedding; where the model's own head is another one they would guess wrong."""
    save_heads(trained, tiny_checkpoints.save(tmp_path))
    assert load(str(tmp_path)).heads is None


@pytest.mark.parametrize(
    "weights", [{"heads.0.weight": torch.zeros(8, 8)}, {"heads.1.weight": torch.zeros(32, 32)}, {}]
)
def test_heads_of_another_model_are_refused(folder: Path, weights: dict[str, torch.Tensor]) -> None:
    """Other sizes, a head that is missing, or none at all: one line says what to do."""
    save_file(weights, folder / FILE_NAME)
    with pytest.raises(ModelError, match=f"{FILE_NAME} belongs to another model; train it for this one or delete it"):
        load(str(folder))


def test_a_damaged_file_is_named(folder: Path) -> None:
    """One line, with what to do."""
    (folder / FILE_NAME).write_bytes(b"nothing")
    with pytest.raises(ModelError, match=f"{FILE_NAME} cannot be read .*; train or delete it"):
        load(str(folder))
