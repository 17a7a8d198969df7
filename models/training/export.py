"""Export of a trained model as a Hugging Face folder, and the way back for a warm start."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from models.heads import FILE_NAME as HEADS_FILE
from models.ngrams import FILE_NAME as SHARES_FILE
from models.training.config import ModelConfig
from models.training.tokenizer import END, FIM_PAD, TextCodec

MAX_SHARD_BYTES = 15_000_000
TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")


def export_model(weights: dict[str, Tensor], config: ModelConfig, tokenizer_folder: Path, folder: Path) -> None:
    """Write `config.json`, bfloat16 shards below 16 MB, and the tokenizer, ready for `from_pretrained`.

    Extra heads and shares of n-grams of the model that was there before are removed: they belong to its weights.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in TOKENIZER_FILES if tokenizer_folder.resolve() != folder.resolve() else ():
        shutil.copyfile(tokenizer_folder / name, folder / name)
    special = TextCodec.from_folder(tokenizer_folder).special
    ends = {"eos_token_id": special[END], "pad_token_id": special[FIM_PAD], "bos_token_id": None}
    _write_json(folder / "config.json", {**_llama_config(config), **ends})
    _write_json(folder / "generation_config.json", {**ends, "do_sample": False})
    _write_shards({name: w.to(torch.bfloat16).contiguous() for name, w in weights.items()}, folder)


def import_weights(folder: Path) -> dict[str, Tensor]:
    """Read the weights of an exported folder, in single precision."""
    weights: dict[str, Tensor] = {}
    for path in sorted(folder.glob("model*.safetensors")):
        weights.update(load_file(path))
    return {name: weight.float() for name, weight in weights.items()}


def _llama_config(config: ModelConfig) -> dict[str, object]:
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": config.vocab_size,
        "hidden_size": config.hidden_size,
        "intermediate_size": config.intermediate_size,
        "num_hidden_layers": config.n_layers,
        "num_attention_heads": config.n_heads,
        "num_key_value_heads": config.n_kv_heads,
        "head_dim": config.head_dim,
        "hidden_act": "silu",
        "max_position_embeddings": config.max_positions,
        "rms_norm_eps": config.norm_eps,
        "rope_theta": config.rope_theta,
        "rope_scaling": None,
        "attention_bias": False,
        "mlp_bias": False,
        "attention_dropout": 0.0,
        "initializer_range": 0.02,
        "tie_word_embeddings": True,
        "use_cache": True,
        "torch_dtype": "bfloat16",
    }


def _write_shards(weights: dict[str, Tensor], folder: Path) -> None:
    """Write one file, or several with an index where one would be too large."""
    shards = _split(weights)
    for stale in (*folder.glob("model*.safetensors*"), *folder.glob(HEADS_FILE), *folder.glob(SHARES_FILE)):
        stale.unlink()
    if len(shards) == 1:
        _write_shard(shards[0], folder / "model.safetensors")
        return
    places: dict[str, str] = {}
    for index, shard in enumerate(shards, start=1):
        file_name = f"model-{index:05d}-of-{len(shards):05d}.safetensors"
        _write_shard(shard, folder / file_name)
        places.update(dict.fromkeys(shard, file_name))
    total = sum(w.numel() * w.element_size() for w in weights.values())
    _write_json(folder / "model.safetensors.index.json", {"metadata": {"total_size": total}, "weight_map": places})


def _write_shard(weights: dict[str, Tensor], path: Path) -> None:
    save_file(weights, path, {"format": "pt"})
    # safetensors writes files that only their owner can read.
    path.chmod(0o644)


def _split(weights: dict[str, Tensor]) -> list[dict[str, Tensor]]:
    shards: list[dict[str, Tensor]] = [{}]
    n_bytes = 0
    for name, weight in weights.items():
        size = weight.numel() * weight.element_size()
        if n_bytes and n_bytes + size > MAX_SHARD_BYTES:
            shards.append({})
            n_bytes = 0
        shards[-1][name] = weight
        n_bytes += size
    return shards


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
