"""How near a step on a graphics card comes to reading the weights once.

    python -m bench.gpu                              all shapes on the first CUDA device
    python -m bench.gpu --shape 7B --device cuda:1
    python -m bench.gpu --shape tiny --device cpu    the same program where there is no card

Needs no network: weights are random, of the sizes of Qwen2.5-Coder's models.  For passes over T tokens
behind a full context it takes the time until the host has a number of the result, with recorded passes
(CUDA graphs) and kernel by kernel, alternating.  The *floor* is the time that reading all weights and the
context's keys and values takes at the bandwidth measured by a copy on the same card.

Exits with 3 where there is no such device.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import torch
from torch import Tensor

from bench.common import machine, markdown, write_results
from models.engines.base import Engine
from models.engines.cuda import CudaEngine
from models.engines.cuda_buckets import WIDTHS
from models.engines.cuda_graphs import Graphs, eagerly
from models.engines.shape import HEAD, Shape, weight_sizes
from models.engines.tree import Tree
from models.engines.weights import Weights

_SAME = {
    "model_type": "qwen2",
    "hidden_act": "silu",
    "rms_norm_eps": 1e-6,
    "rope_theta": 1e6,
    "max_position_embeddings": 32_768,
}


def _numbers(layers: int, width: int, inner: int, heads: int, kv_heads: int, vocabulary: int, tied: bool) -> Any:
    return _SAME | {
        "num_hidden_layers": layers,
        "hidden_size": width,
        "intermediate_size": inner,
        "num_attention_heads": heads,
        "num_key_value_heads": kv_heads,
        "vocab_size": vocabulary,
        "tie_word_embeddings": tied,
    }


SHAPES = {
    "0.5B": _numbers(24, 896, 4_864, 14, 2, 151_936, True),
    "1.5B": _numbers(28, 1_536, 8_960, 12, 2, 151_936, True),
    "7B": _numbers(28, 3_584, 18_944, 28, 4, 152_064, False),
    "tiny": _numbers(2, 64, 96, 4, 2, 500, True),
}

NO_DEVICE = 3


@dataclass(frozen=True)
class Case:
    """What is measured, and where.

    Attributes:
        shape: A key of ``SHAPES``.
        device: Where.
        context: Tokens held before each step.
        rounds: Steps of each kind.
    """

    shape: str
    device: torch.device
    context: int
    rounds: int


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    options = _options(arguments)
    device = torch.device(options.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        sys.stderr.write("bench.gpu: torch sees no CUDA device here; --device cpu --shape tiny shows the program\n")
        return NO_DEVICE
    bandwidth = copy_bandwidth(device)
    rows: list[dict[str, Any]] = []
    for shape in options.shape:
        rows += measure(Case(shape, device, options.context, options.rounds), bandwidth)
        _free(device)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
    numbers = {"device": name, "bandwidth_gb_s": bandwidth / 1e9, "context": options.context, "rows": rows}
    table = f"{name}, {bandwidth / 1e9:.0f} GB/s by a copy, {options.context} tokens held\n\n{as_table(rows)}"
    if device.type == "cuda":
        write_results("gpu", numbers, table)
    print(json.dumps({"machine": machine(), **numbers}, indent=1, sort_keys=True))
    print(table)
    return 0


def measure(case: Case, bandwidth: float) -> list[dict[str, Any]]:
    """Return a row for each width: milliseconds recorded and not, the floor, and the cost relative to one token."""
    config = SHAPES[case.shape]
    shape = Shape.of(config)
    with torch.inference_mode():
        weights = Weights.of(RandomState(config, case.device), shape)
    record = Graphs(case.device) if case.device.type == "cuda" else eagerly
    engines = {"graphs": CudaEngine(shape, weights, record), "kernels": CudaEngine(shape, weights, eagerly)}
    works = {str(width): Tree.chain(range(width)) for width in WIDTHS}
    works["32, a tree"] = Tree(tuple(range(32)), (-1, *(node // 2 for node in range(31))))
    seconds = interleaved(engines, works, case)
    floor = bytes_read(config, shape, case.context) / bandwidth
    one = seconds["graphs", "1"]
    return [
        {
            "shape": case.shape,
            "tokens": work,
            "graphs_ms": seconds["graphs", work] * 1e3,
            "kernels_ms": seconds["kernels", work] * 1e3,
            "floor_ms": floor * 1e3,
            "over_floor": seconds["graphs", work] / floor,
            "cost": seconds["graphs", work] / one,
        }
        for work in works
    ]


def interleaved(engines: Mapping[str, Engine], works: Mapping[str, Tree], case: Case) -> dict[tuple[str, str], float]:
    """Return the median seconds of each work on each engine; a first round is not counted."""
    runs = {name: stepper(engine, case.context) for name, engine in engines.items()}
    times: dict[tuple[str, str], list[float]] = {(name, work): [] for name in engines for work in works}
    for number in range(case.rounds + 1):
        for work, tree in works.items():
            for name in sorted(runs, reverse=bool(number % 2)):
                times[name, work].append(runs[name](tree))
    return {key: median(found[1:]) for key, found in times.items()}


def stepper(engine: Engine, context: int) -> Callable[[Tree], float]:
    """Return what times one pass over a tree behind ``context`` tokens, until the host has a number of it."""
    slab = engine.new_slab()
    for start in range(0, context, 128):
        engine.extend(slab, range(min(128, context - start)))

    def step(tree: Tree) -> float:
        begin = time.perf_counter()
        engine.forward_tree(slab, tree).logits[-1, :1].tolist()
        return time.perf_counter() - begin

    return step


def bytes_read(config: Mapping[str, Any], shape: Shape, context: int) -> int:
    """Return the bytes that a step over one token cannot do without, in 16 bits.

    An embedding that is not the head as well is not among them: a row of it is read.
    """
    sizes = weight_sizes(config)
    n_weights = sum(torch.Size(size).numel() for size in sizes.values()) - torch.Size(sizes[HEAD]).numel()
    return 2 * n_weights + 4 * context * shape.n_layers * shape.n_kv_heads * shape.head_size


def copy_bandwidth(device: torch.device) -> float:
    """Return bytes per second, read and written, of the best of ten copies."""
    source = torch.zeros(1 << (30 if device.type == "cuda" else 24), dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    best = float("inf")
    for _ in range(11):
        begin = time.perf_counter()
        target.copy_(source)
        target[-1:].tolist()
        best = min(best, time.perf_counter() - begin)
    return 2 * source.nbytes / best


class RandomState(Mapping[str, Tensor]):
    """A state dict whose weights are drawn when they are asked for."""

    def __init__(self, config: Mapping[str, Any], device: torch.device) -> None:
        """Take a configuration."""
        self._sizes = weight_sizes(config)
        if config["tie_word_embeddings"]:
            del self._sizes[HEAD]
        self._device = device

    def __getitem__(self, name: str) -> Tensor:
        """Draw a weight."""
        noise = torch.randn(self._sizes[name], dtype=torch.bfloat16, device=self._device)
        return noise * 0.02 if noise.ndim > 1 else 1 + noise * 0.1

    def __contains__(self, name: object) -> bool:
        """Say whether there is such a weight, without drawing it."""
        return name in self._sizes

    def __iter__(self) -> Iterator[str]:
        """Go through the names."""
        return iter(self._sizes)

    def __len__(self) -> int:
        """Return the number of weights."""
        return len(self._sizes)


def as_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the rows for people."""
    cells = [
        (
            row["shape"],
            row["tokens"],
            f"{row['graphs_ms']:.2f}",
            f"{row['kernels_ms']:.2f}",
            f"{row['floor_ms']:.2f}",
            f"**{row['over_floor']:.2f}x**",
            f"{row['cost']:.2f}",
        )
        for row in rows
    ]
    return markdown(("model", "T", "graphs, ms", "kernel by kernel, ms", "floor, ms", "over floor", "c(T)"), cells)


def _free(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.empty_cache()


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", nargs="+", choices=SHAPES, default=["0.5B", "1.5B", "7B"])
    parser.add_argument("--device", default="cuda", help="default: cuda")
    parser.add_argument("--context", type=int, default=1024, help="tokens held before each step (default: 1024)")
    parser.add_argument("--rounds", type=int, default=30, help="steps of each kind (default: 30)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
