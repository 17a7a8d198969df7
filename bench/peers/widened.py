"""A larger model that writes what a smaller one does, so that drafts are as often right as in a real one.

    python -m bench.peers.widened --out FOLDER

Random weights write nonsense, and how often a guess is right then says nothing.  Here a small Llama lies in the corner
of a large one.  The states' further dimensions are always 0, further heads, neurons and layers compute and are not
listened to: every program does the work of the large model and writes the small one's text.  With four times the
width the norms see a quarter of the mean square; half their weights and a quarter of their epsilon make up for that
without rounding.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from models.checkpoint_files import CheckpointFiles, check_files, locate
from models.placement import Placement
from models.stored import StoredState

# 107 million parameters with the embedded model's vocabulary.
LAYERS, HEADS, KV_HEADS, NEURONS = 8, 16, 4, 2816

# Of what is not listened to; small, so that it does not coarsen the steps of 8 bits.
NOISE = 0.01

Weights = dict[str, torch.Tensor]


def widen(source: str | None, out: Path) -> None:
    """Write the wide checkpoint.

    Args:
        source: A Llama checkpoint with tied embeddings; None for the embedded model.
        out: Folder, made if need be.

    Raises:
        ModelError: ``source`` is no checkpoint.
        ValueError: It has more layers or heads than the wide one.
    """
    files = check_files(*locate(source))
    config = wide_config(files.config)
    place = Placement(torch.float32, torch.device("cpu"))
    with StoredState(files.weights, place) as state:
        weights = wide_weights(files, config, {name: state[name] for name in files.weights})
    out.mkdir(parents=True, exist_ok=True)
    save_file(
        {name: weight.bfloat16() for name, weight in weights.items()}, out / "model.safetensors", {"format": "pt"}
    )
    (out / "config.json").write_text(json.dumps(config, indent=1), encoding="utf-8")
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"):
        shutil.copy(files.folder / name, out / name)


def wide_config(small: Mapping[str, Any]) -> dict[str, Any]:
    """Return the configuration of the wide model.

    Raises:
        ValueError: The small one does not fit into it.
    """
    fits = (
        small["num_hidden_layers"] <= LAYERS
        and small["num_key_value_heads"] <= KV_HEADS
        and small["num_attention_heads"] * KV_HEADS <= HEADS * small["num_key_value_heads"]
        and small["intermediate_size"] <= NEURONS
        and small["tie_word_embeddings"]
    )
    if not fits:
        raise ValueError("the checkpoint does not fit into the wide one; choose a smaller one with tied embeddings")
    return {
        **small,
        "hidden_size": 4 * small["hidden_size"],
        "intermediate_size": NEURONS,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "num_key_value_heads": KV_HEADS,
        "rms_norm_eps": small["rms_norm_eps"] / 4,
    }


def wide_weights(files: CheckpointFiles, config: Mapping[str, Any], small: Mapping[str, torch.Tensor]) -> Weights:
    """Return the wide model's weights."""
    width, size = config["hidden_size"], config["head_dim"]
    queries = _queries(files.config, config)
    keys = torch.arange(files.config["num_key_value_heads"] * size)
    heard, neurons = torch.arange(width // 4), torch.arange(files.config["intermediate_size"])
    # Rows and columns of the wide matrix, then the rows and columns that the small one takes in it.
    shapes = {
        "q_proj": (HEADS * size, width, queries, heard),
        "k_proj": (KV_HEADS * size, width, keys, heard),
        "v_proj": (KV_HEADS * size, width, keys, heard),
        "o_proj": (width, HEADS * size, heard, queries),
        "gate_proj": (NEURONS, width, neurons, heard),
        "up_proj": (NEURONS, width, neurons, heard),
        "down_proj": (width, NEURONS, heard, neurons),
    }
    random = torch.Generator().manual_seed(0)
    weights: Weights = {}
    for layer in range(LAYERS):
        head = f"model.layers.{layer}."
        for part, (rows, columns, at_rows, at_columns) in shapes.items():
            name = head + ("mlp." if part.split("_")[0] in ("gate", "up", "down") else "self_attn.") + part + ".weight"
            silent = part in ("o_proj", "down_proj")
            wide = torch.zeros(rows, columns) if silent else NOISE * torch.randn(rows, columns, generator=random)
            if name in small:
                wide[at_rows[:, None], at_columns] = small[name]
            weights[name] = wide
        for norm in ("input_layernorm", "post_attention_layernorm"):
            name = f"{head}{norm}.weight"
            weights[name] = _wide_norm(small.get(name), width)
    weights["model.norm.weight"] = _wide_norm(small["model.norm.weight"], width)
    table = small["model.embed_tokens.weight"]
    weights["model.embed_tokens.weight"] = torch.cat((table, torch.zeros(len(table), width - table.shape[1])), dim=1)
    return weights


def _queries(small: Mapping[str, Any], wide: Mapping[str, Any]) -> torch.Tensor:
    """Return the wide model's rows of queries that the small one's go to: each stays with its keys."""
    size = small["head_dim"]
    shared = small["num_attention_heads"] // small["num_key_value_heads"]
    of_wide = wide["num_attention_heads"] // wide["num_key_value_heads"]
    heads = [of_wide * (head // shared) + head % shared for head in range(small["num_attention_heads"])]
    return torch.cat([torch.arange(size) + size * head for head in heads])


def _wide_norm(small: torch.Tensor | None, width: int) -> torch.Tensor:
    wide = torch.ones(width)
    if small is not None:
        wide[: len(small)] = small / 2
    return wide


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="checkpoint folder or hub id; default the embedded model")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    options = parser.parse_args()
    widen(options.model, options.out)


if __name__ == "__main__":
    main()
