"""Is the text the same with and without drafters, and what do they save?

    python -m bench.identity --cases CASES.jsonl.gz [--limit 300]

Cases are JSON Lines with ``path``, ``prefix`` and ``suffix``.  Each is completed without drafters
and with the default ones, greedy, all monitors on, no facts.  In float32 a forward pass over several
tokens may round otherwise than one over a single token, so a text may differ where two tokens
are all but tied; such cases are counted.  (In float64 there are none: tests/decoding/test_identity.py.)
"""

from __future__ import annotations

import argparse
import gzip
import json
from pathlib import Path
from typing import Any

from rich.progress import track

from bench.common import interval, markdown, write_results
from completion.service import CompletionService, open_service
from completion.types import CompletionRequest, CompletionResult, Document, Limits

DRAFTERS: dict[str, tuple[str, ...] | None] = {"plain": (), "drafted": None}
NEW_TOKENS = 48


def main() -> None:
    """Run the command line."""
    options = _options()
    with gzip.open(options.cases, "rt", encoding="utf-8") as lines:
        cases = [json.loads(line) for line in lines]
    stride = max(1, len(cases) // options.limit)
    cases = cases[::stride][: options.limit]
    service = open_service(options.model)
    try:
        pairs = [
            {name: complete(service, case, drafters) for name, drafters in DRAFTERS.items()}
            for case in track(cases, description="completing")
        ]
    finally:
        service.close()
    numbers = summary(pairs, [case["path"] for case in cases])
    table = as_table(numbers)
    write_results("identity", numbers, table)
    print(table)


def complete(service: CompletionService, case: dict[str, Any], drafters: tuple[str, ...] | None) -> CompletionResult:
    """Complete one case."""
    text = case["prefix"] + case["suffix"]
    document = Document("/project/" + case["path"], text)
    return service.complete_now(
        CompletionRequest(
            document, len(case["prefix"]), "/project", facts="none", drafters=drafters, limits=Limits(NEW_TOKENS)
        )
    )


def summary(pairs: list[dict[str, CompletionResult]], files: list[str]) -> dict[str, Any]:
    """Count equal token sequences and compare forward passes."""
    equal = [[t.id for t in pair["plain"].tokens] == [t.id for t in pair["drafted"].tokens] for pair in pairs]
    passes = {name: [pair[name].counters["forward_passes"] for pair in pairs] for name in DRAFTERS}
    ratios = [d / p for d, p in zip(passes["drafted"], passes["plain"], strict=True)]
    return {
        "cases": len(pairs),
        "equal": sum(equal),
        "tokens": sum(pair["plain"].counters["new_tokens"] for pair in pairs),
        "forward_passes": {name: sum(counts) for name, counts in passes.items()},
        "mean_ratio": interval(ratios, files),
    }


def as_table(numbers: dict[str, Any]) -> str:
    """Return the README's table."""
    passes, (mean, low, high) = numbers["forward_passes"], numbers["mean_ratio"]
    row = [
        f"{numbers['equal']} of {numbers['cases']}",
        f"{passes['plain'] / numbers['tokens']:.3f}",
        f"{passes['drafted'] / numbers['tokens']:.3f}",
        f"{mean:.3f} ({low:.3f} to {high:.3f})",
    ]
    header = ["same tokens with drafters", "passes per token, plain", "with drafters", "ratio, mean of cases (95 %)"]
    return markdown(header, [row])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=Path, required=True, help="gzipped JSON Lines of cases")
    parser.add_argument("--limit", type=int, default=300, help="so many cases, evenly spread")
    parser.add_argument("--model", help="checkpoint folder; default the embedded model")
    return parser.parse_args()


if __name__ == "__main__":
    main()
