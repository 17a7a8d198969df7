"""An exported folder is a checkpoint like any other: same logits in transformers, and a way back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from models.heads import FILE_NAME as HEADS_FILE
from models.ngrams import FILE_NAME as SHARES_FILE
from models.training import export
from models.training.config import CONFIGS, ModelConfig
from models.training.model import Decoder

CONFIG = CONFIGS["tiny"].model


@pytest.fixture
def model() -> Decoder:
    """A decoder with random weights everywhere, already rounded to the stored precision."""
    torch.manual_seed(1)
    model = Decoder(CONFIG).eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.copy_((weight + 0.05 * torch.randn_like(weight)).bfloat16())
    return model


def test_transformers_computes_the_same_logits(model: Decoder, tokenizer_folder: Path, tmp_path: Path) -> None:
    export.export_model(model.state_dict(), CONFIG, tokenizer_folder, tmp_path)
    loaded = AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.float32, local_files_only=True).eval()
    ids = torch.randint(0, CONFIG.vocab_size, (2, 70), generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        torch.testing.assert_close(loaded(ids).logits, model.logits(ids), atol=1e-4, rtol=1e-4)
    assert loaded.generation_config.eos_token_id == AutoTokenizer.from_pretrained(tmp_path).eos_token_id


def test_large_models_are_written_in_shards(
    model: Decoder, tokenizer_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export.export_model(model.state_dict(), CONFIG, tokenizer_folder, tmp_path)
    monkeypatch.setattr(export, "MAX_SHARD_BYTES", 100_000)
    export.export_model(model.state_dict(), CONFIG, tokenizer_folder, tmp_path)
    index = json.loads((tmp_path / "model.safetensors.index.json").read_text(encoding="utf-8"))
    assert set(index["weight_map"]) == set(model.state_dict())
    assert not (tmp_path / "model.safetensors").exists()
    assert set(index["weight_map"].values()) == {path.name for path in tmp_path.glob("*.safetensors")}
    AutoModelForCausalLM.from_pretrained(tmp_path, local_files_only=True)


def test_what_was_measured_of_other_weights_goes(model: Decoder, tokenizer_folder: Path, tmp_path: Path) -> None:
    """Shares of n-grams and heads belong to the weights that were there."""
    for name in (SHARES_FILE, HEADS_FILE):
        (tmp_path / name).write_text("{}")
    export.export_model(model.state_dict(), CONFIG, tokenizer_folder, tmp_path)
    assert not [name for name in (SHARES_FILE, HEADS_FILE) if (tmp_path / name).exists()]


def test_exported_weights_start_a_new_run(model: Decoder, tokenizer_folder: Path, tmp_path: Path) -> None:
    export.export_model(model.state_dict(), CONFIG, tokenizer_folder, tmp_path)
    fresh = Decoder(CONFIG)
    fresh.load_state_dict(export.import_weights(tmp_path))
    for left, right in zip(fresh.parameters(), model.parameters(), strict=True):
        assert torch.equal(left, right)


@pytest.mark.parametrize("name", CONFIGS)
def test_the_number_of_parameters_is_counted_right(name: str) -> None:
    config = CONFIGS[name].model
    with torch.device("meta"):
        n_parameters = sum(weight.numel() for weight in Decoder(config).parameters())
    assert config.n_parameters == n_parameters


def test_the_sizes_are_those_of_the_design() -> None:
    def millions(config: ModelConfig) -> float:
        return config.n_parameters / 1e6

    assert millions(CONFIGS["tiny"].model) < 0.3
    assert 6 <= millions(CONFIGS["nano"].model) <= 9
    assert 25 <= millions(CONFIGS["small"].model) <= 32
