"""Export to GGUF, the file of llama.cpp and what stands on it.

    python -m models.gguf --model FOLDER --dtype bf16 --out model.gguf

Llama and Qwen2 with Qwen2's way of cutting words are written: what ``models.training`` makes, and Qwen2.5-Coder.
The format is that of https://github.com/ggml-org/ggml.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from models.checkpoint_files import CheckpointFiles, check_files, locate, read_vocabulary
from models.engines.shape import HEAD, Shape, refused_config
from models.errors import ModelError
from models.placement import Placement
from models.stored import StoredState

if TYPE_CHECKING:
    import numpy as np
    from gguf import GGMLQuantizationType, GGUFWriter
    from numpy.typing import NDArray

DTYPES = ("f32", "bf16")

FAMILIES = ("llama", "qwen2")

# The one way of cutting text into words, of those that llama.cpp knows by name, that is written here.
QWEN2_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)

_FIM_KEYS = {
    "<|fim_prefix|>": "fim_pre",
    "<|fim_suffix|>": "fim_suf",
    "<|fim_middle|>": "fim_mid",
    "<|fim_pad|>": "fim_pad",
    "<|repo_name|>": "fim_rep",
    "<|file_sep|>": "fim_sep",
}


def export(source: str | None, dtype: str, out: Path) -> None:
    """Write a checkpoint as one GGUF file.

    Args:
        source: None for the embedded model, else a checkpoint folder or a hub id.
        dtype: "f32", "bf16", or another that the package gguf writes ("f16", "q8_0"), for the matrices; vectors are
            always written in single precision.
        out: The file.

    Raises:
        ModelError: The checkpoint is of a kind that is not written, the package gguf is missing, or ``out``
            cannot be written.
    """
    files = check_files(*locate(source))
    _require_known(files)
    tokenizer = _read_tokenizer(files)
    read_vocabulary(files.folder, files.name)
    try:
        import gguf
    except ModuleNotFoundError as error:
        raise ModelError("GGUF export needs the package gguf; pip install 'verifill[export]'") from error
    part = out.with_name(out.name + ".part")
    try:
        writer = gguf.GGUFWriter(part, files.config["model_type"])
        writer.add_file_type(gguf.LlamaFileType["ALL_F32" if dtype == "f32" else f"MOSTLY_{dtype.upper()}"])
        _add_shape(writer, files)
        _add_tokenizer(writer, files, tokenizer)
        _add_weights(writer, files, gguf.GGMLQuantizationType[dtype.upper()])
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        part.replace(out)
    except OSError as error:
        raise ModelError(f"cannot write {out} ({error.strerror}); choose another --out") from error
    finally:
        part.unlink(missing_ok=True)


def _require_known(files: CheckpointFiles) -> None:
    kind = files.config.get("model_type")
    if kind not in FAMILIES:
        raise ModelError(f"model {files.name} is of kind {kind}; GGUF export knows {' and '.join(FAMILIES)}")
    if refused := refused_config(files.config):
        raise ModelError(f"model {files.name} cannot be exported ({refused}); use llama.cpp's own converter")
    if Shape.of(files.config).rope.get("rope_type", "default") != "default":
        raise ModelError(f"model {files.name} scales its rotary positions; use llama.cpp's own converter")


def _read_tokenizer(files: CheckpointFiles) -> dict[str, Any]:
    """Return ``tokenizer.json`` if llama.cpp cuts text as it says."""
    path = files.folder / "tokenizer.json"
    if not path.is_file():
        raise ModelError(f"model {files.name} has no tokenizer.json; save its fast tokenizer beside it")
    tokenizer: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    stages = (tokenizer.get("pre_tokenizer") or {}).get("pretokenizers", ())
    splits = [stage["pattern"].get("Regex") for stage in stages if stage["type"] == "Split"]
    if splits != [QWEN2_SPLIT] or tokenizer["model"]["type"] != "BPE":
        raise ModelError(
            f"model {files.name} cuts text into words in a way of its own; GGUF export knows Qwen2's, "
            "use llama.cpp's own converter"
        )
    return tokenizer


def _add_shape(writer: GGUFWriter, files: CheckpointFiles) -> None:
    shape, config = Shape.of(files.config), files.config
    writer.add_name(files.name)
    writer.add_vocab_size(config["vocab_size"])
    writer.add_context_length(shape.max_length)
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(shape.n_layers)
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(shape.n_heads)
    writer.add_head_count_kv(shape.n_kv_heads)
    writer.add_key_length(shape.head_size)
    writer.add_value_length(shape.head_size)
    writer.add_layer_norm_rms_eps(shape.norm_eps)
    writer.add_rope_dimension_count(shape.head_size)
    writer.add_rope_freq_base(shape.rope["rope_theta"])


def _add_tokenizer(writer: GGUFWriter, files: CheckpointFiles, tokenizer: Mapping[str, Any]) -> None:
    import gguf

    rows = files.config["vocab_size"]
    spelled = [f"[unused{row}]" for row in range(rows)]
    kinds = [int(gguf.TokenType.UNUSED)] * rows
    for piece, token in tokenizer["model"]["vocab"].items():
        spelled[token], kinds[token] = piece, int(gguf.TokenType.NORMAL)
    control = {entry["content"]: entry["id"] for entry in tokenizer["added_tokens"] if entry["special"]}
    for entry in tokenizer["added_tokens"]:
        kind = gguf.TokenType.CONTROL if entry["special"] else gguf.TokenType.USER_DEFINED
        spelled[entry["id"]], kinds[entry["id"]] = entry["content"], int(kind)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(spelled)
    writer.add_token_types(kinds)
    writer.add_token_merges([_merge(pair) for pair in tokenizer["model"]["merges"]])
    writer.add_add_bos_token(False)
    end = files.config.get("eos_token_id")
    for name, token in (("eos", end), ("padding", files.config.get("pad_token_id"))):
        if isinstance(token, int):
            writer.add_uint32(f"tokenizer.ggml.{name}_token_id", token)
    for spelling, name in _FIM_KEYS.items():
        if spelling in control:
            writer.add_uint32(f"tokenizer.ggml.{name}_token_id", control[spelling])


def _merge(pair: str | Sequence[str]) -> str:
    """Return a merge as GGUF spells it; tokenizer.json has two spellings."""
    return pair if isinstance(pair, str) else " ".join(pair)


def _add_weights(writer: GGUFWriter, files: CheckpointFiles, dtype: GGMLQuantizationType) -> None:
    import gguf

    shape, kind = Shape.of(files.config), files.config["model_type"]
    architecture = next(arch for arch, name in gguf.MODEL_ARCH_NAMES.items() if name == kind)
    names = gguf.get_tensor_name_map(architecture, shape.n_layers)
    place = Placement(torch.float32, torch.device("cpu"))
    tied = files.config.get("tie_word_embeddings")
    with StoredState(files.weights, place) as state:
        for name in files.weights:
            if tied and name == HEAD:
                continue
            new = names.get_name(name, try_suffixes=(".weight", ".bias"))
            if new is None:
                raise ModelError(f"model {files.name} has a weight that llama.cpp does not know, {name}")
            values = _rotated(name, state[name].numpy(), shape) if kind == "llama" else state[name].numpy()
            stored = dtype if values.ndim > 1 else gguf.GGMLQuantizationType.F32
            writer.add_tensor(new, gguf.quantize(values, stored), raw_dtype=stored)


def _rotated(name: str, values: NDArray[np.float32], shape: Shape) -> NDArray[np.float32]:
    """Return a Llama's queries or keys in llama.cpp's order: pairs that rotate together lie side by side."""
    heads = {"q_proj": shape.n_heads, "k_proj": shape.n_kv_heads}.get(name.split(".")[-2])
    if heads is None:
        return values
    halves = values.reshape(heads, 2, shape.head_size // 2, *values.shape[1:])
    return halves.swapaxes(1, 2).reshape(values.shape)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; 3 if the model cannot be exported."""
    parser = argparse.ArgumentParser(
        prog="python -m models.gguf", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", help="checkpoint folder or hub id; default the embedded model")
    parser.add_argument("--dtype", choices=DTYPES, default="bf16", help="of the matrices")
    parser.add_argument("--out", type=Path, required=True, help="the file to write")
    options = parser.parse_args(arguments)
    try:
        export(options.model, options.dtype, options.out)
    except ModelError as error:
        sys.stderr.write(f"{parser.prog}: {error}\n")
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
