"""How many forward passes a drafter saves when text is rewritten.

    python -m bench.rewriting --pairs PAIRS.jsonl.gz

Pairs are JSON Lines with ``before`` and ``after`` (whole files).  A small infilling model follows
no instruction, so the target is *forced*: the model reads ``before`` and really runs, and its
logits are overruled so that it writes ``after`` token by token.  Forward passes are those that a
model would need that makes this edit; the text is replayed, not generated.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import torch
from rich.progress import track

from analysis.facts import NoFacts
from analysis.python.scanner import START
from bench.common import interval, markdown, write_results
from decoding.draft_length import DEFAULT_MOST, DraftLength
from decoding.drafters.copyspec import PAPER, CopySpec
from decoding.loop import generate
from decoding.masking import Masker
from decoding.recorder import Recorder
from decoding.run import Job, Parts
from decoding.sampling import Sampler
from decoding.types import Drafter
from decoding.watch import Watch
from models.checkpoints import LoadedModel, load
from models.engines.base import Engine, Pass, Rows, Slab, one_by_one
from models.engines.tree import Tree
from monitors.base import Lexed

DRAFTERS: dict[str, Callable[[], list[Drafter]]] = {
    "plain": list,
    "copyspec, as published": lambda: [CopySpec(PAPER)],
    "copyspec": lambda: [CopySpec()],
}


class ForcedEngine:
    """Runs an engine and overrules its logits so that a given text is written.

    Attributes:
        vocabulary_size: That of the engine.
        max_length: That of the engine.
    """

    def __init__(self, engine: Engine, start: int, target: Sequence[int]) -> None:
        """Take what really runs, the position of the first forced token, and the ids from there on."""
        self._engine, self._start, self._target = engine, start, target
        self.vocabulary_size = engine.vocabulary_size
        self.max_length = engine.max_length

    def new_slab(self) -> Slab:
        """Return a slab of the engine."""
        return self._engine.new_slab()

    def reserve(self, slab: Slab, length: int) -> None:
        """Take memory for a slab."""
        self._engine.reserve(slab, length)

    def forward(self, slab: Slab, tokens: Sequence[int]) -> Rows:
        """Run the engine; every row behind the prompt points at its target."""
        held = len(slab.tokens)
        return self._overruled(self._engine.forward(slab, tokens), held, range(len(tokens)))

    def forward_each(self, passes: Sequence[Pass]) -> list[Rows]:
        """Run the engine for each."""
        return one_by_one(self, passes)

    def forward_tree(self, slab: Slab, tree: Tree) -> Rows:
        """Run the engine; rows of equal depth point at the same target."""
        held = len(slab.tokens)
        return self._overruled(self._engine.forward_tree(slab, tree), held, tree.depths)

    def commit(self, slab: Slab, path: Sequence[int]) -> None:
        """Append a tree's tokens."""
        self._engine.commit(slab, path)

    def extend(self, slab: Slab, tokens: Sequence[int]) -> None:
        """Feed tokens whose rows nobody asks for."""
        self._engine.extend(slab, tokens)

    def fork(self, slab: Slab, length: int) -> Slab:
        """Copy a slab."""
        return self._engine.fork(slab, length)

    def truncate(self, slab: Slab, length: int) -> None:
        """Shorten a slab."""
        self._engine.truncate(slab, length)

    def _overruled(self, rows: Rows, held: int, depths: Iterable[int]) -> Rows:
        """Return rows whose likeliest token is the target's at their depth behind what was held."""
        logits = rows.logits.clone()
        for row, depth in enumerate(depths):
            wanted = held + depth + 1 - self._start
            if 0 <= wanted < len(self._target):
                logits[row, self._target[wanted]] = torch.finfo(torch.float32).max
        return Rows(logits, rows.hidden)


class Endless:
    """A stop policy that leaves the end to the model."""

    def start(self) -> None:
        """Return no state."""

    def advance(self, state: None, text: Lexed) -> None:
        """Return no state."""

    def cut(self, state: None) -> int | None:
        """Never stop."""
        return None

    def sure(self, state: None) -> int:
        """Tell nothing: nobody listens."""
        return 0


def main() -> None:
    """Run the command line."""
    options = _options()
    model = load(options.model)
    rows: list[dict[str, Any]] = []
    with gzip.open(options.pairs, "rt", encoding="utf-8") as lines:
        pairs = [json.loads(line) for line in lines]
    for pair in track(pairs, description="rewriting"):
        row = rewrite(model, pair["before"], pair["after"])
        if row is not None:
            rows.append({"id": str(pair["id"]), **row})
    numbers = summary(rows, len(pairs))
    table = as_table(numbers)
    write_results("rewriting", numbers, table)
    print(table)


def rewrite(model: LoadedModel, before: str, after: str) -> dict[str, Any] | None:
    """Rewrite one file with every drafter; None if both versions do not fit into the model's context."""
    vocabulary, end = model.vocabulary, min(model.format.end_ids)
    prompt = model.format.encode(vocabulary, before + "\n", "")
    target = (*vocabulary.encode(after), end)
    if len(prompt) + len(target) + DEFAULT_MOST > model.engine.max_length:
        return None
    passes = {}
    for name, make in DRAFTERS.items():
        engine = ForcedEngine(model.engine, len(prompt), target)
        masker = Masker(vocabulary, model.format.end_ids, b"\n", Sampler())
        watch = Watch.start((), START)
        parts = Parts(engine, engine.new_slab(), masker, watch, Endless(), NoFacts(), make(), DraftLength())
        recorder = Recorder()
        job = Job(prompt, b"", b"", len(target), model.format.separators)
        run = generate(job, parts, recorder, lambda: False)
        if run.tokens != target:
            raise RuntimeError(f"{name} changed the text")
        passes[name] = recorder.forward_passes
    return {"tokens": len(target), "passes": passes}


def summary(rows: list[dict[str, Any]], pairs: int) -> dict[str, Any]:
    """Return passes per token, in total and with intervals over files of the mean ratio."""
    tokens = sum(row["tokens"] for row in rows)
    names = [row["id"] for row in rows]
    return {
        "pairs": pairs,
        "fitting": len(rows),
        "tokens": tokens,
        "passes_per_token": {name: sum(row["passes"][name] for row in rows) / tokens for name in DRAFTERS},
        "mean_ratio_to_plain": {
            name: interval([row["passes"][name] / row["passes"]["plain"] for row in rows], names) for name in DRAFTERS
        },
    }


def as_table(numbers: dict[str, Any]) -> str:
    """Return the README's table."""
    rows = []
    for name, passes in numbers["passes_per_token"].items():
        mean, low, high = numbers["mean_ratio_to_plain"][name]
        rows.append([name, f"{passes:.3f}", f"{mean:.3f} ({low:.3f} to {high:.3f})"])
    title = f"rewriting {numbers['fitting']} files, {numbers['tokens']} tokens, text forced"
    return markdown([title, "forward passes per token", "of plain, mean of files (95 %)"], rows)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=Path, required=True, help="gzipped JSON Lines of before and after")
    parser.add_argument("--model", help="checkpoint folder; default the embedded model")
    return parser.parse_args()


if __name__ == "__main__":
    main()
