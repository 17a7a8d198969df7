"""The measuring program for graphics cards, where there is none."""

from __future__ import annotations

import json

import pytest
import torch

from bench import gpu
from models.engines.cuda_buckets import WIDTHS
from models.engines.shape import Shape, weight_sizes


def test_it_runs_on_a_cpu(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The same program runs on a CPU, prints JSON and a table, and leaves the results of cards alone."""
    monkeypatch.setattr(gpu, "write_results", lambda *_: pytest.fail("results of a CPU were written"))
    assert gpu.main(["--device", "cpu", "--shape", "tiny", "--rounds", "1", "--context", "20"]) == 0
    printed = capsys.readouterr().out
    numbers, _ = json.JSONDecoder().raw_decode(printed)
    assert [row["tokens"] for row in numbers["rows"]] == [*map(str, WIDTHS), "32, a tree"]
    assert all(row["graphs_ms"] > 0 and row["kernels_ms"] > 0 for row in numbers["rows"])
    assert len([line for line in printed.splitlines() if line.startswith("| tiny |")]) == len(WIDTHS) + 1


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device here")
def test_without_a_card_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    """One line, and an exit code of its own."""
    assert gpu.main([]) == 3
    said = capsys.readouterr()
    assert (said.out, len(said.err.splitlines())) == ("", 1)
    assert "no CUDA device" in said.err


SIZES = [("0.5B", 0.494e9), ("1.5B", 1.544e9), ("7B", 7.616e9)]


@pytest.mark.parametrize(("shape", "n_weights"), SIZES)
def test_shapes_are_those_of_the_models(shape: str, n_weights: float) -> None:
    """The random models have as many weights as the published ones."""
    config = gpu.SHAPES[shape]
    sizes = weight_sizes(config)
    if config["tie_word_embeddings"]:
        del sizes["lm_head.weight"]
    assert sum(torch.Size(size).numel() for size in sizes.values()) == pytest.approx(n_weights, rel=1e-3)


def test_the_floor_counts_what_a_step_reads() -> None:
    """Weights once, the embedding only as the head, and keys and values of the context."""
    config = gpu.SHAPES["tiny"]
    state = gpu.RandomState(config, torch.device("cpu"))
    weights = sum(state[name].nbytes for name in state)
    keys_and_values = 2 * 2 * 2 * 16 * 2
    assert gpu.bytes_read(config, Shape.of(config), 10) == weights + 10 * keys_and_values
    untied = config | {"tie_word_embeddings": False}
    assert gpu.bytes_read(untied, Shape.of(untied), 10) == weights + 10 * keys_and_values
