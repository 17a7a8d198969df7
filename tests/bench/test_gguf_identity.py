"""Two programs' tokens are compared right; llama.cpp itself is asked by the bench alone."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pytest

from bench.peers import gguf_identity
from bench.peers.gguf_identity import Outcome, as_table, asked, chosen_holes, outcome
from models.checkpoints import LoadedModel, load

PEER = """\
import json, pathlib, sys
question = json.load(sys.stdin)
size = pathlib.Path(sys.argv[1]).stat().st_size
json.dump({"texts": [[size]], "written": question["prompts"]}, sys.stdout)
"""


@pytest.fixture(scope="module")
def model() -> LoadedModel:
    return load(None, "float32", "cpu")


def greedy(model: LoadedModel, prompt: list[int], count: int) -> list[int]:
    """Write tokens, the whole text anew for each."""
    written: list[int] = []
    for _ in range(count):
        rows = model.engine.forward(model.engine.new_slab(), (*prompt, *written)).logits
        written.append(int(rows[-1].argmax()))
    return written


def test_equal_tokens_and_the_first_that_differs(model: LoadedModel) -> None:
    """The margin is what we would lose by their token."""
    before, behind = chosen_holes(1, seed=1)[0]
    prompt = list(model.format.encode(model.vocabulary, before, behind))
    ours = greedy(model, prompt, 6)
    assert outcome(model, prompt, ours) == Outcome(6, None)
    found = outcome(model, prompt, [*ours[:3], (ours[3] + 1) % model.vocabulary.size, *ours[4:]])
    assert found.same == 3
    assert found.margin is not None
    assert found.margin > 0


def test_holes_are_the_same_for_a_seed() -> None:
    """They begin and end at line starts, each in another file."""
    holes = chosen_holes(5, seed=2)
    assert holes == chosen_holes(5, seed=2)
    assert len({before for before, _ in holes}) == 5
    assert all(before.endswith("\n") for before, _ in holes)


def test_the_peer_gets_the_question_and_an_exported_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And its answer comes back."""
    (tmp_path / "peer.py").write_text(PEER)
    monkeypatch.setattr(gguf_identity, "_PEER", tmp_path / "peer.py")
    options = argparse.Namespace(python=sys.executable, model=None)
    answer = asked(options, {"texts": ["a"], "prompts": [[1, 2]], "tokens": 3})
    assert answer["written"] == [[1, 2]]
    assert answer["texts"][0][0] > 30_000_000


def test_the_table_counts_what_parted() -> None:
    """Near-ties apart from what differs."""
    rows = [{"same": 4, "margin": None}, {"same": 2, "margin": 1e-5}, {"same": 0, "margin": 1.0}]
    numbers = {"prompts": rows, "tokens_each": 4, "texts_cut_alike": 6, "texts": 6, "near_ties": 1, "different": 1}
    assert "| 3 | 4 | 1 | 1 | 1 | 6 of 6 |" in as_table(numbers)
