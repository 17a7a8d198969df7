"""Does llama.cpp write the same tokens with an exported model?

    python -m bench.peers.gguf_identity --python INTERPRETER

Holes in files of the standard library are written greedily, without monitors and stop rules: by our engine from the
checkpoint, and by llama.cpp from the F32 GGUF that ``models.gguf`` makes of it.  The two round differently, so texts
may part where two tokens are all but tied; behind that place they are not compared.  The interpreter needs
xllamacpp, which brings llama.cpp built (MIT).
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.common import RESULTS, markdown, write_results
from bench.sites import STANDARD_LIBRARY, python_files, read_source
from models import gguf
from models.checkpoints import LoadedModel, load

PREFIX, SUFFIX = 1500, 500
TOKENS = 48

# In nats; differences of rounding are a hundredth of it.
NEAR_TIE = 1e-3

_PEER = Path(__file__).with_name("llama_greedy.py")


@dataclass(frozen=True)
class Outcome:
    """What came of one prompt.

    Attributes:
        same: Tokens before the first that differs; all of them if none does.
        margin: There, by how much our token is better than theirs, in nats; None if none differs.
    """

    same: int
    margin: float | None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; 1 if a text differs for another reason than a near-tie."""
    options = _parse(arguments)
    model = load(options.model, "float32", "cpu")
    holes = chosen_holes(options.prompts, options.seed)
    prompts = [list(model.format.encode(model.vocabulary, before, behind)) for before, behind in holes]
    texts = [text for hole in holes for text in hole]
    answer = asked(options, {"texts": texts, "prompts": prompts, "tokens": TOKENS})
    outcomes = [outcome(model, prompt, theirs) for prompt, theirs in zip(prompts, answer["written"], strict=True)]
    numbers: dict[str, Any] = {
        "model": model.name,
        "tokens_each": TOKENS,
        "texts_cut_alike": sum(
            list(model.vocabulary.encode(a)) == b for a, b in zip(texts, answer["texts"], strict=True)
        ),
        "texts": len(texts),
        "near_ties": sum(o.margin is not None and o.margin < NEAR_TIE for o in outcomes),
        "different": sum(o.margin is not None and o.margin >= NEAR_TIE for o in outcomes),
        "prompts": [asdict(o) for o in outcomes],
    }
    table = as_table(numbers)
    write_results("gguf_identity", numbers, table, options.out)
    print(table)
    return int(numbers["different"] > 0 or numbers["texts_cut_alike"] < len(texts))


def chosen_holes(count: int, seed: int) -> list[tuple[str, str]]:
    """Return text before and behind places in so many files; holes begin at a line start, one line is missing."""
    rng = random.Random(seed)
    holes: list[tuple[str, str]] = []
    for path in python_files(STANDARD_LIBRARY, Path(), rng):
        lines = [line + "\n" for line in (read_source(path) or "").split("\n")]
        if len(holes) < count and len(lines) > 20:
            at = rng.randrange(10, len(lines) - 5)
            holes.append(("".join(lines[:at])[-PREFIX:], "".join(lines[at + 1 :])[:SUFFIX]))
    return holes


def asked(options: argparse.Namespace, question: dict[str, Any]) -> dict[str, Any]:
    """Have llama.cpp answer, from a file that is made for it."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "model.gguf")
        gguf.export(options.model, "f32", file)
        done = subprocess.run(
            [options.python, "-I", _PEER, file], input=json.dumps(question), capture_output=True, text=True, check=True
        )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def outcome(model: LoadedModel, prompt: Sequence[int], theirs: Sequence[int]) -> Outcome:
    """Write as many tokens ourselves, one by one, until one differs."""
    slab, given = model.engine.new_slab(), prompt
    for count, token in enumerate(theirs):
        row = model.engine.forward(slab, given).logits[-1]
        best = int(row.argmax())
        if best != token:
            return Outcome(count, float(row[best] - row[token]))
        given = (token,)
    return Outcome(len(theirs), None)


def as_table(numbers: dict[str, Any]) -> str:
    """Return the result as Markdown."""
    prompts = numbers["prompts"]
    alike = sum(row["margin"] is None for row in prompts)
    header = ("prompts", "most tokens each", "all tokens equal", "parted at a near-tie", "different", "texts cut alike")
    cut = f"{numbers['texts_cut_alike']} of {numbers['texts']}"
    row = (len(prompts), numbers["tokens_each"], alike, numbers["near_ties"], numbers["different"], cut)
    return markdown(header, [row])


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", required=True, help="interpreter that has xllamacpp")
    parser.add_argument("--model", help="checkpoint folder; default the embedded model")
    parser.add_argument("--prompts", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the results")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
