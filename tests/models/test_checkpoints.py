"""Loading: what comes out, and one clear line for everything that can be wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

from models.checkpoints import from_objects, load
from models.engines.choose import engine_for
from models.engines.compiled.engine import CompiledEngine
from models.engines.fused import FusedEngine
from models.engines.linear import int8_works
from models.errors import DeviceError, ModelError
from tests.models import tiny_checkpoints, tiny_tokenizers


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound checkpoint; tests copy it before they break it."""
    return tiny_checkpoints.save(tmp_path_factory.mktemp("checkpoints") / "tiny")


@pytest.fixture
def broken(saved: Path, tmp_path: Path) -> Path:
    """A copy to break."""
    folder = tmp_path / "broken"
    folder.mkdir()
    for file in saved.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    return folder


def test_a_folder_is_loaded(saved: Path) -> None:
    """A checkpoint folder gives an engine, its vocabulary and its format, in float32 on the CPU."""
    model = load(str(saved))
    assert (model.name, model.dtype, model.device, model.format.name) == ("tiny", "float32", "cpu", "qwen-coder")
    assert model.engine.vocabulary_size == model.vocabulary.size == 330
    assert model.engine.max_length == 256


def test_weights_are_those_saved(saved: Path) -> None:
    """The loaded model computes what the saved one did."""
    ours, theirs = load(str(saved)).engine, from_objects(*objects()).engine
    rows = [engine.forward(engine.new_slab(), (5, 6, 7)).logits for engine in (ours, theirs)]
    torch.testing.assert_close(*rows)


def test_known_families_get_the_compiled_engine(saved: Path) -> None:
    """A Qwen2 checkpoint is not run by transformers' modules, nor by torch's operations where it need not be."""
    assert type(load(str(saved)).engine) is CompiledEngine
    assert type(load(str(saved), dtype="float64").engine) is FusedEngine


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float64"])
def test_precision_can_be_chosen(saved: Path, dtype: str) -> None:
    """The precision asked for is the one reported and computed in."""
    assert load(str(saved), dtype=dtype).dtype == dtype


@pytest.mark.skipif(not int8_works(), reason="the processor multiplies in 8 bits inexactly")
def test_eight_bits_can_be_chosen(saved: Path, broken: Path) -> None:
    """Whoever reads the checkpoint: the rows are near those of float32, and the same in every pass."""
    (broken / "adapter_config.json").unlink(missing_ok=True)
    config = json.loads((broken / "config.json").read_text())
    (broken / "config.json").write_text(json.dumps({k: v for k, v in config.items() if k != "eos_token_id"}))
    tokens = tuple(range(5, 30))
    for folder in (saved, broken):  # the second is left to transformers
        model, exact = load(str(folder), dtype="int8"), load(str(folder))
        assert (model.dtype, model.device, type(model.engine)) == ("int8", "cpu", CompiledEngine)
        rows, expected = (m.engine.forward(m.engine.new_slab(), tokens).logits for m in (model, exact))
        assert 0 < float((rows - expected).norm() / expected.norm()) < 0.05


def test_eight_bits_are_refused_where_they_do_not_work(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On another device, another architecture or an old processor, one line names what to choose instead."""
    with pytest.raises(ModelError, match="choose --dtype bfloat16 on cuda, or --device cpu"):
        load(str(saved), dtype="int8", device="cuda")
    with pytest.raises(ModelError, match="does not run in 8 bits .* choose --dtype float32"):
        engine_for(GPT2LMHeadModel(GPT2Config(vocab_size=8, n_embd=8, n_layer=1, n_head=1)), int8=True)
    monkeypatch.setattr("models.placement.int8_works", lambda: False)
    with pytest.raises(ModelError, match="int8 does not work with this processor"):
        load(str(saved), dtype="int8")


def objects() -> tuple[torch.nn.Module, PreTrainedTokenizerFast]:
    """Return a model and its tokenizer in memory."""
    return tiny_checkpoints.qwen2(), PreTrainedTokenizerFast(tokenizer_object=tiny_tokenizers.qwen())


def test_placement_is_the_device_where_nothing_is_amiss(saved: Path) -> None:
    """A model that runs as well as it can has nothing said about it."""
    assert load(str(saved)).placement == from_objects(*objects()).placement == "cpu"


def test_a_device_that_fails_gives_way_to_the_cpu(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a graphics card was found but does not work, the CPU serves, in its precision, and the reason is told."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    model = load(str(saved))
    assert (model.device, model.dtype) == ("cpu", "float32")
    assert model.placement.startswith("cpu (not cuda: ")
    assert "\n" not in model.placement
    assert model.engine.forward(model.engine.new_slab(), (5,)).logits.shape == (1, 330)


def test_a_device_that_was_asked_for_does_not_give_way(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who names a device is told that it does not work."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    with pytest.raises(DeviceError, match="model tiny does not go on cuda.*; choose --device cpu"):
        load(str(saved), device="cuda")


def test_memory_that_ends_in_the_first_pass_gives_way_too(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model whose weights fit and whose first pass does not is not on the device either."""

    def full(*_: object) -> None:
        raise torch.OutOfMemoryError("out of memory")

    with monkeypatch.context() as patch:
        patch.setattr(CompiledEngine, "forward", full)
        with pytest.raises(DeviceError, match=r"does not go on cpu \(out of memory\); choose a smaller one"):
            load(str(saved))


def test_reading_much_is_told(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each whole percent of a large checkpoint is told once; a small one is read without a word."""
    words: list[str] = []
    load(str(saved))  # what has to be compiled once is told, too
    load(str(saved), say=words.append)
    assert words == []
    monkeypatch.setattr("models.progress._WORTH_TELLING", 0)
    load(str(saved), say=words.append)
    assert words[-1] == "reading 0.0 GB, 100%"
    assert len(words) == len(set(words)) > 5


def test_objects_in_memory_are_used_as_they_are() -> None:
    """A model and a tokenizer object serve without a folder, under a given name or their own."""
    model, tokenizer = objects()
    assert from_objects(model, tokenizer, "mine").name == "mine"
    assert from_objects(model.double(), tokenizer).dtype == "float64"
    assert from_objects(model, tokenizer).name == "Qwen2ForCausalLM"


def remove(name: str) -> Callable[[Path], None]:
    """Delete a file."""
    return lambda folder: (folder / name).unlink()


def write(name: str, text: str) -> Callable[[Path], None]:
    """Replace a file's text."""

    def change(folder: Path) -> None:
        (folder / name).write_text(text, encoding="utf-8")

    return change


def truncate(folder: Path) -> None:
    """Cut the weights in half."""
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def pickle_only(folder: Path) -> None:
    """Leave a pickle in the weights' place."""
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def in_gguf(folder: Path) -> None:
    """Leave a file for llama.cpp in the weights' place."""
    (folder / "model.safetensors").rename(folder / "model.gguf")


def pickle_under_a_good_name(folder: Path) -> None:
    """Call a pickle what the weights are called."""
    torch.save({NORM: torch.ones(3)}, folder / "model.safetensors")


def packed(dtype: torch.dtype) -> Callable[[Path], None]:
    """Store the matrices in another type, without a word on their scale."""

    def pack(weights: dict[str, torch.Tensor]) -> None:
        weights.update({name: (100 * weight).to(dtype) for name, weight in weights.items() if weight.ndim > 1})

    return change_weights(pack)


def drop_bytes(number: int) -> Callable[[Path], None]:
    """Cut a few bytes off the weights."""

    def cut(folder: Path) -> None:
        path = folder / "model.safetensors"
        path.write_bytes(path.read_bytes()[:-number])

    return cut


def lose_shard(folder: Path) -> None:
    """Name a shard that is not there."""
    write("model.safetensors.index.json", '{"weight_map": {"a": "model-1-of-2.safetensors"}}')(folder)


def change_weights(change: Callable[[dict[str, torch.Tensor]], object]) -> Callable[[Path], None]:
    """Rewrite the weights."""

    def rewrite(folder: Path) -> None:
        path = folder / "model.safetensors"
        weights = load_file(path)
        change(weights)
        save_file(weights, path, metadata={"format": "pt"})

    return rewrite


def configure(**values: object) -> Callable[[Path], None]:
    """Change entries of the configuration."""

    def change(folder: Path) -> None:
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(config | values))

    return change


def other_tokenizer(folder: Path) -> None:
    """Put a tokenizer without FIM tokens beside the weights."""
    tiny_tokenizers.gpt2().save(str(folder / "tokenizer.json"))


def larger_tokenizer(folder: Path) -> None:
    """Put a tokenizer beside the weights that has more ids than they have rows."""
    tokenizer = tiny_tokenizers.qwen().from_str(tiny_tokenizers.qwen().to_str())
    tokenizer.add_special_tokens(["<|one_more|>"])
    tokenizer.save(str(folder / "tokenizer.json"))


NORM = "model.norm.weight"
BROKEN = [
    (remove("config.json"), "has no config.json; save it"),
    (write("config.json", "{"), "config.json is damaged"),
    (write("config.json", "[]"), "config.json holds no object"),
    (configure(model_type="no_such_kind"), "cannot be read"),
    (configure(hidden_size="wide"), "cannot be read"),
    (configure(num_attention_heads=0), "cannot be read"),
    (configure(hidden_size=64), "wrong shape|cannot be read"),
    (configure(num_hidden_layers=3, layer_types=["full_attention"] * 3), "lacks 12 weights, model.layers.2"),
    (remove("model.safetensors"), "has no weights"),
    (truncate, "model.safetensors is truncated or damaged"),
    (write("model.safetensors", ""), "model.safetensors is truncated or damaged"),
    (write("model.safetensors", "x" * 500), "model.safetensors is truncated or damaged"),
    (pickle_only, "pickled weights, which can run code; save it as safetensors"),
    (pickle_under_a_good_name, "model.safetensors is truncated or damaged"),
    (in_gguf, "is in GGUF, for llama.cpp; choose"),
    (drop_bytes(1), "model.safetensors is truncated or damaged"),
    (packed(torch.int8), "weights in I8, and its configuration does not say how they are packed; choose"),
    (packed(torch.float8_e4m3fn), "weights in F8_E4M3, and"),
    (lose_shard, "model-1-of-2.safetensors is missing"),
    (write("model.safetensors.index.json", "{}"), "names no weights"),
    (change_weights(lambda weights: weights.pop(NORM)), f"lacks 1 weights, {NORM}"),
    (change_weights(lambda weights: weights.update({NORM: torch.ones(3)})), "wrong shape|cannot be read"),
    (change_weights(lambda weights: weights[NORM].fill_(float("nan"))), "computes no numbers"),
    (remove("tokenizer.json"), "has no tokenizer.json"),
    (write("tokenizer.json", "{}"), "tokenizer.json is damaged"),
    (other_tokenizer, "no fill-in-the-middle tokens"),
    (larger_tokenizer, "its tokenizer counts 331 tokens, the model 330"),
]


@pytest.mark.parametrize(("damage", "message"), BROKEN)
def test_damage_is_named_in_one_line(broken: Path, damage: Callable[[Path], None], message: str) -> None:
    """Whatever is wrong with a checkpoint, one line names cause and mend."""
    damage(broken)
    with pytest.raises(ModelError, match=message) as raised:
        load(str(broken))
    assert "\n" not in str(raised.value)
    assert "; " in str(raised.value)


REFUSED = [
    ({"source": "no/such/folder"}, "no folder no/such/folder; give"),
    ({"source": "somewhere"}, "no folder somewhere; give"),
    ({"source": __file__}, "is a file; give the folder"),
    ({"source": "owner/absent"}, "neither a folder nor in the local cache.*go online once"),
    ({"dtype": "int3"}, "unknown dtype 'int3'; use float32, "),
    ({"device": "toaster"}, "unknown device 'toaster'; use cpu"),
    ({"device": "cuda:77"}, "does not go on cuda:77"),
]


@pytest.mark.parametrize(("arguments", "message"), REFUSED)
def test_bad_arguments_are_refused(
    saved: Path, arguments: dict[str, str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A source, precision or device that is not there is refused in one line."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ModelError, match=message) as raised:
        load(**({"source": str(saved)} | arguments))
    assert "\n" not in str(raised.value)


def test_missing_embedded_weights_say_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An installation without the embedded model says what to do."""
    monkeypatch.setattr("models.checkpoint_files.EMBEDDED", tmp_path)
    with pytest.raises(ModelError, match="model embedded has no config.json; reinstall verifill"):
        load()


def test_the_embedded_model_is_loaded() -> None:
    """Without a source the embedded model is loaded."""
    model = load()
    assert (model.name, model.format.name) == ("embedded", "qwen-coder")


def run_python(program: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a fresh interpreter at the repository's root."""
    root = Path(__file__).parents[2]
    return subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=False)


def test_importing_costs_no_torch() -> None:
    """Torch and transformers are imported when a model is loaded, not before."""
    done = run_python("import sys, models.checkpoints; print({'torch', 'transformers'} & set(sys.modules))")
    assert (done.stdout.strip(), done.stderr) == ("set()", "")


def test_loading_writes_nothing(saved: Path) -> None:
    """Loading prints nothing at all, and leaves transformers' own settings as they were."""
    program = (
        "from transformers.utils import logging; before = logging.get_verbosity()\n"
        f"from models.checkpoints import load; load({str(saved)!r})\n"
        "assert logging.get_verbosity() == before and logging.is_progress_bar_enabled()"
    )
    done = run_python(program)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
