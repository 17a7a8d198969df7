"""How fast our engines are beside transformers' own modules.

    python -m bench.engine [--shapes 8M 30M 100M] [--rounds 30] [--threads 2]

Weights are random, and rounded to bfloat16 as published checkpoints are.  Every engine takes its
turn in each round, in an order that rotates, so that what else the machine does falls on all of
them; times are medians over rounds.  A step appends T tokens to a slab of 512 and takes them back;
a prefill feeds 512 tokens to an empty slab by chunks.  c(T) is a step's time over that of T = 1.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Any, TypedDict

import torch
from rich.progress import track
from transformers import LlamaConfig, LlamaForCausalLM

from bench.common import markdown, write_results
from models.engines.base import Engine
from models.engines.compiled.engine import CompiledEngine
from models.engines.fused import FusedEngine
from models.engines.prefill import feed
from models.engines.transformers_engine import TransformersEngine

CONTEXT = 512
STEPS = (1, 2, 4, 8, 16, 32)
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
ENGINES: dict[str, Callable[[LlamaForCausalLM], Engine]] = {
    "compiled": CompiledEngine.of,
    "fused": FusedEngine.of,
    "transformers": TransformersEngine,
}

# What our own engine runs in, and what transformers runs in beside it.
COMPARED = {"float32": "float32", "bfloat16": "bfloat16", "int8": "float32"}


class Shape(TypedDict):
    """Numbers of a decoder, as transformers' configurations name them."""

    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    num_key_value_heads: int
    intermediate_size: int
    vocab_size: int


# "8M" is the embedded model's shape.
SHAPES: dict[str, Shape] = {
    "8M": {
        "hidden_size": 256,
        "num_hidden_layers": 6,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "intermediate_size": 704,
        "vocab_size": 16_384,
    },
    "30M": {
        "hidden_size": 448,
        "num_hidden_layers": 10,
        "num_attention_heads": 7,
        "num_key_value_heads": 1,
        "intermediate_size": 1_216,
        "vocab_size": 16_384,
    },
    "100M": {
        "hidden_size": 768,
        "num_hidden_layers": 12,
        "num_attention_heads": 12,
        "num_key_value_heads": 4,
        "intermediate_size": 2_048,
        "vocab_size": 32_768,
    },
}

Times = dict[tuple[str, str], list[float]]


def main() -> None:
    """Run the command line."""
    options = _options()
    torch.set_num_threads(options.threads)
    rows: list[dict[str, Any]] = []
    for shape in options.shapes:
        engines = _engines(SHAPES[shape])
        for work, run in _works().items():
            rounds = options.rounds if work.startswith("step") else max(options.rounds // 5, 2)
            times = interleaved(engines, run, rounds, f"{shape}, {work}")
            rows += [_row(shape, work, dtype, times) for dtype in COMPARED]
    numbers = {"threads": options.threads, "rounds": options.rounds, "context": CONTEXT, "rows": rows}
    table = as_table(rows)
    write_results("engine", numbers, f"{options.threads} threads, {options.rounds} rounds\n\n{table}")
    print(table)


def interleaved(
    engines: Mapping[tuple[str, str], Engine], run: Callable[[Engine], float], rounds: int, label: str
) -> Times:
    """Return the seconds of ``run`` on every engine, one a round; a first round is not counted."""
    names = list(engines)
    times: Times = {name: [] for name in names}
    for number in track(range(rounds + 1), description=label):
        start = number % len(names)
        for name in names[start:] + names[:start]:
            times[name].append(run(engines[name]))
    return {name: seconds[1:] for name, seconds in times.items()}


def step_of(n_tokens: int) -> Callable[[Engine], float]:
    """Return a run that appends ``n_tokens`` to a full context and takes them back."""
    slabs: dict[int, Any] = {}

    def run(engine: Engine) -> float:
        slab = slabs.get(id(engine))
        if slab is None:
            slab = slabs[id(engine)] = engine.new_slab()
            engine.extend(slab, range(CONTEXT))
        begin = time.perf_counter()
        engine.forward(slab, range(n_tokens))
        engine.truncate(slab, CONTEXT)
        return time.perf_counter() - begin

    return run


def prefill_once(engine: Engine) -> float:
    """Feed a prompt to an empty slab."""
    slab = engine.new_slab()
    begin = time.perf_counter()
    while len(slab.tokens) < CONTEXT:
        feed(engine, slab, range(CONTEXT))
    return time.perf_counter() - begin


def as_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the rows with their cost relative to a step of one token."""
    ones = {(row["shape"], row["dtype"]): row["ours_ms"] for row in rows if row["work"] == "step of 1"}
    cells = [
        (
            row["shape"],
            row["dtype"],
            row["work"],
            f"{row['ours_ms']:.2f}",
            f"{row['fused_ms']:.2f}",
            f"{row['transformers_ms']:.2f}",
            f"**{row['ratio']:.2f}x**",
            f"{row['ours_ms'] / ones[row['shape'], row['dtype']]:.2f}" if row["work"].startswith("step") else "",
        )
        for row in rows
    ]
    times = ("ours, ms", "by torch's operations, ms", "transformers, ms")
    return markdown(("model", "dtype", "work", *times, "faster by", "c(T)"), cells)


def _row(shape: str, work: str, dtype: str, times: Times) -> dict[str, Any]:
    fused = 1_000 * median(times["fused", dtype])
    ours = 1_000 * median(times["compiled", dtype])
    theirs = 1_000 * median(times["transformers", COMPARED[dtype]])
    return {
        "shape": shape,
        "work": work,
        "dtype": dtype,
        "ours_ms": ours,
        "fused_ms": fused,
        "transformers_ms": theirs,
        "ratio": theirs / ours,
    }


def _works() -> dict[str, Callable[[Engine], float]]:
    steps = {f"step of {n_tokens}": step_of(n_tokens) for n_tokens in STEPS}
    return {**steps, f"prefill of {CONTEXT}": prefill_once}


def _engines(shape: Shape) -> dict[tuple[str, str], Engine]:
    engines = {
        (name, dtype): make(random_model(shape, kind))
        for name, make in ENGINES.items()
        for dtype, kind in DTYPES.items()
    }
    eight_bits = {
        (name, "int8"): make(random_model(shape, torch.float32), int8=True)
        for name, make in (("fused", FusedEngine.of), ("compiled", CompiledEngine.of))
    }
    return {**engines, **eight_bits}


def random_model(shape: Shape, dtype: torch.dtype) -> LlamaForCausalLM:
    """Return a random model, always the same, with weights that 16 bits hold."""
    torch.manual_seed(0)
    config = LlamaConfig(head_dim=64, tie_word_embeddings=True, bos_token_id=None, eos_token_id=None, **shape)
    model = LlamaForCausalLM(config)
    for weight in model.parameters():
        weight.data = weight.data.bfloat16().to(dtype)
    return model


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=list(SHAPES), help="default: all")
    parser.add_argument("--rounds", type=int, default=30, help="of steps; a fifth of it of prefills (default: 30)")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="default: torch's own choice")
    return parser.parse_args()


if __name__ == "__main__":
    main()
