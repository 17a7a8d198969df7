"""What is exported to GGUF is read back: weights, shape, tokenizer.  What llama.cpp makes of it is in bench/peers."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
import torch
from transformers import PreTrainedModel

from models import gguf as exporter
from models.checkpoint_files import EMBEDDED, check_files
from models.checkpoints import load
from models.placement import Placement
from models.stored import StoredState
from tests.models import tiny_checkpoints


def embedded_weights() -> dict[str, np.ndarray[Any, Any]]:
    """Return the embedded model's weights in single precision."""
    files = check_files(EMBEDDED, "embedded")
    with StoredState(files.weights, Placement(torch.float32, torch.device("cpu"))) as state:
        return {name: state[name].numpy() for name in state}


def read(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray[Any, Any]]]:
    """Return the metadata and the weights, these in single precision."""
    reader = gguf.GGUFReader(path)
    values = {name: found.contents() for name, found in reader.fields.items()}
    weights = {t.name: gguf.dequantize(t.data, t.tensor_type).reshape(t.shape[::-1]) for t in reader.tensors}
    return values, weights


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The embedded model in both precisions, in one folder."""
    folder = tmp_path_factory.mktemp("gguf")
    for dtype in exporter.DTYPES:
        exporter.export(None, dtype, folder / f"{dtype}.gguf")
    return folder


@pytest.mark.parametrize("dtype", exporter.DTYPES)
def test_the_embedded_model_is_written_exactly(exported: Path, dtype: str) -> None:
    """It is stored in bfloat16, so that neither precision loses a bit."""
    values, weights = read(exported / f"{dtype}.gguf")
    original = embedded_weights()
    assert len(weights) == len(original)
    for ours, theirs in (
        ("token_embd.weight", "model.embed_tokens.weight"),
        ("output_norm.weight", "model.norm.weight"),
        ("blk.5.ffn_down.weight", "model.layers.5.mlp.down_proj.weight"),
        ("blk.0.attn_v.weight", "model.layers.0.self_attn.v_proj.weight"),
    ):
        assert np.array_equal(weights[ours], original[theirs])
    assert values["general.architecture"] == "llama"
    kind = {"f32": gguf.LlamaFileType.ALL_F32, "bf16": gguf.LlamaFileType.MOSTLY_BF16}[dtype]
    assert values["general.file_type"] == kind
    assert values["llama.block_count"] == 6
    assert values["llama.attention.head_count_kv"] == 2
    assert values["llama.rope.freq_base"] == 10_000
    assert sorted(path.name for path in exported.iterdir()) == ["bf16.gguf", "f32.gguf"]


def test_queries_and_keys_are_turned(exported: Path) -> None:
    """Units i and i + half of a head rotate together: in the file they are 2i and 2i + 1."""
    written, original = read(exported / "f32.gguf")[1], embedded_weights()
    for letter, heads in (("q", 4), ("k", 2)):
        rows = original[f"model.layers.3.self_attn.{letter}_proj.weight"].reshape(heads, 64, -1)
        turned = written[f"blk.3.attn_{letter}.weight"].reshape(heads, 64, -1)
        assert np.array_equal(turned[:, 0::2], rows[:, :32])
        assert np.array_equal(turned[:, 1::2], rows[:, 32:])


def test_the_tokenizer_is_ours(exported: Path) -> None:
    """Every id spells the same, control tokens are marked, and merges are in order."""
    values = read(exported / "bf16.gguf")[0]
    stored = json.loads((EMBEDDED / "tokenizer.json").read_text(encoding="utf-8"))
    control = load().vocabulary.control
    assert (values["tokenizer.ggml.model"], values["tokenizer.ggml.pre"]) == ("gpt2", "qwen2")
    spelled = values["tokenizer.ggml.tokens"]
    assert all(spelled[token] == piece for piece, token in (stored["model"]["vocab"] | control).items())
    marked = {i for i, kind in enumerate(values["tokenizer.ggml.token_type"]) if kind == gguf.TokenType.CONTROL}
    assert marked == set(control.values())
    assert values["tokenizer.ggml.merges"] == [" ".join(pair) for pair in stored["model"]["merges"]]
    assert values["tokenizer.ggml.fim_mid_token_id"] == control["<|fim_middle|>"]
    assert values["tokenizer.ggml.eos_token_id"] == control["<|endoftext|>"]
    assert values["tokenizer.ggml.add_bos_token"] is False


def copy_with(folder: Path, **changes: object) -> str:
    """Return a copy of the embedded model with entries of its configuration changed."""
    shutil.copytree(EMBEDDED, folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | changes))
    return str(folder)


def test_biases_and_an_untied_head_are_written(tmp_path: Path) -> None:
    """A Qwen2 has biases, and its halves are not turned."""
    model: PreTrainedModel = tiny_checkpoints.qwen2(16384, tie_word_embeddings=False)
    folder = tiny_checkpoints.save(tmp_path / "qwen", model)
    shutil.copy(EMBEDDED / "tokenizer.json", folder)
    exporter.export(str(folder), "f32", tmp_path / "model.gguf")
    weights = read(tmp_path / "model.gguf")[1]
    state = model.state_dict()
    for ours, theirs in (
        ("blk.1.attn_q.bias", "model.layers.1.self_attn.q_proj.bias"),
        ("blk.1.attn_q.weight", "model.layers.1.self_attn.q_proj.weight"),
        ("output.weight", "lm_head.weight"),
    ):
        assert np.array_equal(weights[ours], state[theirs].numpy())
    assert len(weights) == len(state)


def test_what_is_not_written_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line with the mend and exit code 3; no file is left."""
    scaled = copy_with(tmp_path / "scaled", rope_scaling={"rope_type": "linear", "factor": 2.0})
    odd = copy_with(tmp_path / "odd", model_type="gpt2")
    cut = copy_with(tmp_path / "cut")
    text = (tmp_path / "cut" / "tokenizer.json").read_text(encoding="utf-8")
    (tmp_path / "cut" / "tokenizer.json").write_text(text.replace(r"|\\p{N}|", r"|\\p{N}{1,3}|"), encoding="utf-8")
    out = tmp_path / "model.gguf"
    for source, message in (
        (scaled, "scales its rotary positions; use"),
        (odd, "is of kind gpt2; GGUF export knows"),
        (cut, "cuts text into words in a way of its own; "),
        ("./gone", "no folder ./gone; give"),
    ):
        assert exporter.main(["--model", source, "--out", str(out)]) == 3
        said = capsys.readouterr().err
        assert said.startswith("python -m models.gguf: ")
        assert message in said
        assert said.count("\n") == 1
    assert exporter.main(["--out", str(tmp_path / "no" / "folder.gguf")]) == 3
    assert "choose another --out" in capsys.readouterr().err
    assert not list(tmp_path.glob("*.gguf*"))
