"""Checkpoints that are read without transformers: the same rows, and everything odd left to it."""

from __future__ import annotations

import gc
import json
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import PreTrainedModel

from models.checkpoint_files import check_files
from models.engines.compiled.engine import CompiledEngine
from models.engines.fused import FusedEngine
from models.network import Network
from models.placement import Placement
from models.pretrained import read_pretrained
from models.stored import StoredState, needs_transformers, read_stored
from tests.models.tiny_decoders import VARIANTS, custom, decoder

PROMPT = tuple(position * 7 % 60 for position in range(100))
DTYPES = ("float32", "float64", "bfloat16", "float16")


def saved(folder: Path, model: PreTrainedModel, shard: str = "1GB") -> Path:
    """Write a model, in as many files as it takes."""
    model.save_pretrained(folder, max_shard_size=shard)
    return folder


def both(folder: Path, dtype: str = "float32") -> tuple[Network, Network]:
    """Read a checkpoint without transformers and with it."""
    files, place = check_files(folder, folder.name), Placement.of(dtype, "cpu")
    assert needs_transformers(files) == ""
    stored = read_stored(files, place)
    assert stored is not None
    return stored, read_pretrained(files, place)


def assert_same(stored: Network, pretrained: Network, tolerance: float = 1e-5) -> None:
    """Compare all that two networks are."""
    assert type(stored.engine) is type(pretrained.engine) in (CompiledEngine, FusedEngine)
    assert (stored.eos_ids, stored.dtype, stored.device) == (pretrained.eos_ids, pretrained.dtype, pretrained.device)
    assert stored.engine.max_length == pretrained.engine.max_length
    rows = [network.engine.forward(network.engine.new_slab(), PROMPT).logits for network in (stored, pretrained)]
    torch.testing.assert_close(*rows, rtol=0, atol=tolerance)


@pytest.mark.parametrize("variant", VARIANTS)
def test_rows_are_those_of_the_model_that_transformers_reads(variant: str, tmp_path: Path) -> None:
    """Every variant that the fused engine runs is read without transformers, and computes the same."""
    assert_same(*both(saved(tmp_path, decoder(variant, stored=torch.bfloat16))))


@pytest.mark.parametrize("stored", [torch.float32, torch.bfloat16, torch.float16, torch.float64])
@pytest.mark.parametrize("dtype", DTYPES)
def test_precisions(stored: torch.dtype, dtype: str, tmp_path: Path) -> None:
    """Whatever the files hold, the precision asked for is computed in."""
    assert_same(*both(saved(tmp_path, decoder("qwen3", stored)), dtype), 0.0)


def test_shards(tmp_path: Path) -> None:
    """Weights in several files are put together."""
    folder = saved(tmp_path, decoder("qwen2"), shard="10kB")
    assert len(list(folder.glob("*.safetensors"))) > 2
    assert_same(*both(folder))


def spell_as_transformers_4(config: dict[str, object]) -> None:
    """Rename what transformers 5 renamed, and take away what 4 did not write."""
    rope = config.pop("rope_parameters")
    assert isinstance(rope, dict)
    config["rope_theta"] = rope.pop("rope_theta")
    kind = rope.pop("rope_type")
    config["rope_scaling"] = None if kind == "default" else {"type": kind, **rope}
    config["torch_dtype"] = config.pop("dtype")
    config.pop("layer_types", None)
    if config["model_type"].startswith("qwen"):  # type: ignore[attr-defined]
        config["sliding_window"] = 32768
    if config["model_type"] != "qwen3" and config.get("head_dim") == 8:
        del config["head_dim"]


def change(folder: Path, name: str, edit: Callable[[dict[str, object]], object]) -> None:
    """Edit a JSON file."""
    values = json.loads((folder / name).read_text())
    edit(values)
    (folder / name).write_text(json.dumps(values))


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_spelling_of_transformers_4(variant: str, tmp_path: Path) -> None:
    """Configurations from before rope_parameters are read alike."""
    folder = saved(tmp_path, decoder(variant))
    change(folder, "config.json", spell_as_transformers_4)
    assert_same(*both(folder))


ENDS = [
    # config.json, generation_config.json, ids
    (0, 0, {0}),
    (3, [1, 2], {1, 2, 3}),
    ([3, 4], None, {3, 4}),
    (None, None, set()),
]


@pytest.mark.parametrize(("configured", "generation", "ids"), ENDS)
def test_end_of_text(configured: object, generation: object, ids: set[int], tmp_path: Path) -> None:
    """The ends of text are those of both files, whether one or several."""
    folder = saved(tmp_path, decoder("llama"))
    change(folder, "config.json", lambda config: config.update(eos_token_id=configured))
    change(folder, "generation_config.json", lambda config: config.update(eos_token_id=generation))
    stored, pretrained = both(folder)
    assert stored.eos_ids == pretrained.eos_ids == ids


def test_no_generation_config(tmp_path: Path) -> None:
    """generation_config.json may be missing."""
    folder = saved(tmp_path, decoder("llama"))
    (folder / "generation_config.json").unlink()
    assert_same(*both(folder))


def drop(*keys: str) -> Callable[[Path], None]:
    """Take entries out of the configuration."""
    return lambda folder: change(folder, "config.json", lambda config: [config.pop(key) for key in keys])


def put(**values: object) -> Callable[[Path], None]:
    """Put entries into the configuration."""
    return lambda folder: change(folder, "config.json", lambda config: config.update(values))


def weights(edit: Callable[[dict[str, Tensor]], object]) -> Callable[[Path], None]:
    """Edit the weights."""

    def rewrite(folder: Path) -> None:
        path = folder / "model.safetensors"
        state = load_file(path)
        edit(state)
        save_file(state, path, metadata={"format": "pt"})

    return rewrite


def file(name: str, text: str) -> Callable[[Path], None]:
    """Put a file beside the weights."""

    def write(folder: Path) -> None:
        (folder / name).write_text(text)

    return write


NORM, HEAD = "model.norm.weight", "lm_head.weight"
INDEX = json.dumps({"weight_map": {NORM: "model.safetensors"}})
LLAMA3 = {"rope_type": "llama3", "factor": 2.0, "rope_theta": 1e4}
NESTED = {"rope_type": "default", "rope_theta": 1e4, "full_attention": {"rope_theta": 1e4}}
LEFT = [
    ("llama", put(model_type="gemma"), "none of llama, mistral, qwen2, qwen3"),
    ("llama", put(model_type=["llama"]), "none of llama"),
    ("llama", put(hidden_size="wide"), "no usable hidden_size"),
    ("llama", put(num_attention_heads=0), "no usable num_attention_heads"),
    ("llama", put(head_dim="8"), "no usable head_dim"),
    ("llama", drop("num_key_value_heads"), "no usable num_key_value_heads"),
    ("llama", drop("rms_norm_eps"), "no usable rms_norm_eps"),
    ("llama", put(num_key_value_heads=3), "not in groups"),
    ("llama", put(hidden_act="gelu"), "gelu, not silu"),
    ("llama", put(quantization_config={"bits": 4}), "quantised"),
    ("llama", drop("eos_token_id"), "no end of text"),
    ("llama", put(transformers_weights="other.safetensors"), "names its weight file"),
    ("llama", drop("rope_parameters"), "no usable rope_theta"),
    ("llama", put(rope_parameters={"rope_type": "dynamic"}), "scaled by dynamic"),
    ("llama", put(rope_parameters={"rope_type": []}), "scaled by \\[\\]"),
    ("llama", put(rope_parameters=LLAMA3), "no usable low_freq_factor"),
    ("llama", put(rope_parameters=NESTED), "differ by layer"),
    ("llama", put(partial_rotary_factor=0.5), "turn only in part"),
    ("mistral", put(sliding_window=128), "sliding windows"),
    ("mistral", drop("sliding_window"), "sliding windows"),
    ("qwen2", put(use_sliding_window=True, sliding_window=128), "sliding windows"),
    ("qwen2", put(layer_types=["full_attention"]), "layers of other kinds"),
    ("llama", put(attention_bias=True), "self_attn.k_proj.bias is missing"),
    ("llama", put(tie_word_embeddings=True), f"{HEAD} is .*unknown"),
    ("llama, tied", put(tie_word_embeddings=False), f"{HEAD} is missing"),
    ("llama", put(vocab_size=59), f"{HEAD} is .*of another size"),
    ("llama", weights(lambda state: state.pop(NORM)), f"{NORM} is missing"),
    ("llama", weights(lambda state: state.update({"a": torch.ones(1)})), "a is missing or unknown"),
    ("llama", weights(lambda state: state.update({"positions": torch.arange(3)})), "weights in I64"),
    ("llama", file("adapter_config.json", "{}"), "an adapter"),
    ("llama", file("model.safetensors.index.json", INDEX), "whole and in parts"),
]


@pytest.mark.parametrize(("variant", "edit", "reason"), LEFT)
def test_what_is_odd_is_left_to_transformers(
    variant: str, edit: Callable[[Path], None], reason: str, tmp_path: Path
) -> None:
    """Nothing is guessed: defaults, unknown weights and other kinds of model go the long way."""
    folder = saved(tmp_path, decoder(variant))
    edit(folder)
    files = check_files(folder, "odd")
    assert read_stored(files, Placement.of("auto", "cpu")) is None
    with pytest.raises(AssertionError, match=reason):
        assert not needs_transformers(files), needs_transformers(files)


def test_unusual_ends_are_left_to_transformers(tmp_path: Path) -> None:
    """An end of text that is no id is not understood here."""
    folder = saved(tmp_path, decoder("llama"))
    put(eos_token_id="</s>")(folder)
    assert read_stored(check_files(folder, "odd"), Placement.of("auto", "cpu")) is None


def test_devices_that_the_fused_engine_does_not_run_on(tmp_path: Path) -> None:
    """Other accelerators are left to transformers."""
    files = check_files(saved(tmp_path, decoder("llama")), "odd")
    assert read_stored(files, Placement.of("auto", "mps")) is None


def test_weights_are_read_one_block_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what is read from the files, never more is in memory at once than the embedding and one fused matrix."""
    files = check_files(saved(tmp_path, custom("llama", num_hidden_layers=8, hidden_size=64)), "deep")
    alive, peak, read = 0, 0, StoredState.__getitem__

    def counted(state: StoredState, name: str) -> Tensor:
        nonlocal alive, peak
        weight = read(state, name)

        def forget(size: int = weight.nbytes) -> None:
            nonlocal alive
            alive -= size

        weakref.finalize(weight, forget)
        alive += weight.nbytes
        peak = max(peak, alive)
        return weight

    monkeypatch.setattr(StoredState, "__getitem__", counted)
    gc.collect()
    assert read_stored(files, Placement.of("float32", "cpu")) is not None
    embedding, fused = 60 * 64 * 4, 2 * 48 * 64 * 4
    assert peak <= 2 * embedding + fused
    assert peak < files.n_weights * 4 / 5


def test_files_may_change_afterwards(tmp_path: Path) -> None:
    """The engine holds copies: overwriting the checkpoint in place changes nothing."""
    folder = saved(tmp_path, decoder("llama"))
    network, _ = both(folder)
    before = network.engine.forward(network.engine.new_slab(), PROMPT).logits
    path = folder / "model.safetensors"
    with path.open("r+b") as stream:
        stream.write(bytes(path.stat().st_size))
    after = network.engine.forward(network.engine.new_slab(), PROMPT).logits
    assert torch.equal(before, after)
