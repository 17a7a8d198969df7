"""What the dereference monitor brings on real attribute loads.

    python -m bench.dereference --cases CASES.jsonl.gz --python INTERPRETER --oracle runtime_oracle.py

Attribute loads (``bench.cases``) are completed twice in turn, with all monitors and with all but
``dereference``, greedy, facts awaited.  The second completion of a pair reuses the first one's prefill, so
the recorded times compare phases other than that.  All monitors and more kinds of cases: ``bench.monitors``.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.progress import track

from analysis.analyzers.jedi_pool import JediPool
from analysis.store import FactStore
from bench.cases import Judges, first_name, read_cases, request_of, site_packages
from bench.common import interval, markdown, write_results
from completion.service import CompletionService
from completion.types import CompletionResult
from models.checkpoints import load
from monitors.registry import DEFAULT

CONFIGURATIONS: Mapping[str, tuple[str, ...] | None] = {
    "without": tuple(name for name in DEFAULT if name != "dereference"),
    "with": None,
}
NEW_TOKENS = 20


@dataclass(frozen=True)
class Outcome:
    """One completion of one case."""

    name: str
    result: CompletionResult


def main() -> None:
    """Run the command line."""
    options = _options()
    cases = [case for case in read_cases(options.cases) if case["kind"] == "deref"][: options.limit]
    packages = site_packages(options.python)
    model = load(options.model)
    service = CompletionService(model, FactStore(JediPool()))
    outcomes: dict[str, list[Outcome]] = {name: [] for name in CONFIGURATIONS}
    try:
        for case in track(cases, description="completing"):
            for name, monitors in CONFIGURATIONS.items():
                request = request_of(case, packages, options.python, monitors, NEW_TOKENS)
                result = service.complete_now(request)
                outcomes[name].append(Outcome(first_name(result.text), result))
    finally:
        service.close()
    judges = Judges(options.python, options.oracle, options.oracle)
    verdicts = {name: judges.verdicts(cases, [o.name for o in found]) for name, found in outcomes.items()}
    numbers = summary(cases, outcomes, verdicts)
    numbers["model"] = {"name": model.name, "dtype": model.dtype}
    table = as_table(numbers)
    write_results("dereference", numbers, table)
    print(table)


def summary(
    cases: list[dict[str, Any]], outcomes: dict[str, list[Outcome]], verdicts: dict[str, list[str]]
) -> dict[str, Any]:
    """Compare the configurations, paired, with intervals over files."""
    files = [case["path"] for case in cases]
    right = {
        name: [float(o.name == case["truth"]) for o, case in zip(found, cases, strict=True)]
        for name, found in outcomes.items()
    }
    judged = [i for i in range(len(cases)) if all(v[i] != "unknown" for v in verdicts.values())]
    wrong = {name: [float(verdicts[name][i] == "invalid") for i in judged] for name in outcomes}
    judged_files = [files[i] for i in judged]
    return {
        "loads": len(cases),
        "judged": len(judged),
        "next_identifier_match": {name: interval(values, files) for name, values in right.items()},
        "next_identifier_gain": interval(_differences(right), files),
        "invalid": {name: interval(values, judged_files) for name, values in wrong.items()},
        "invalid_difference": interval(_differences(wrong), judged_files),
        "invalid_count": {name: int(sum(values)) for name, values in wrong.items()},
        "empty": {name: sum(not o.name for o in found) for name, found in outcomes.items()},
        "replaced": replaced(cases, outcomes, verdicts),
        "tokens_per_pass": {name: tokens_per_pass(found) for name, found in outcomes.items()},
        "milliseconds": {name: median_times(found) for name, found in outcomes.items()},
    }


def replaced(
    cases: list[dict[str, Any]], outcomes: dict[str, list[Outcome]], verdicts: dict[str, list[str]]
) -> dict[str, int]:
    """Count what stands instead of the names that the oracle called invalid without the monitor."""
    counts = {"the truth": 0, "another valid name": 0, "an invalid name": 0, "not judged": 0}
    for i, case in enumerate(cases):
        if verdicts["without"][i] != "invalid":
            continue
        if outcomes["with"][i].name == case["truth"]:
            counts["the truth"] += 1
        else:
            verdict = verdicts["with"][i]
            label = {"valid": "another valid name", "invalid": "an invalid name"}.get(verdict, "not judged")
            counts[label] += 1
    return counts


def tokens_per_pass(found: list[Outcome]) -> float:
    """Return emitted tokens over forward passes of the decode loop."""
    counters = [o.result.counters for o in found]
    return sum(c["new_tokens"] for c in counters) / max(1, sum(c["forward_passes"] for c in counters))


def median_times(found: list[Outcome]) -> dict[str, float]:
    """Return the median of each timing."""
    names = found[0].result.timings_ms
    return {name: sorted(o.result.timings_ms[name] for o in found)[len(found) // 2] for name in names}


def as_table(numbers: dict[str, Any]) -> str:
    """Return the README's table."""

    def percent(triple: tuple[float, float, float]) -> str:
        return f"{100 * triple[0]:.1f} % ({100 * triple[1]:.1f} to {100 * triple[2]:.1f})"

    rows = [
        [label, percent(numbers[key]["without"]), percent(numbers[key]["with"]), percent(numbers[change])]
        for label, key, change in (
            (f"names that do not exist at run time ({numbers['judged']} judged)", "invalid", "invalid_difference"),
            (f"next identifier right ({numbers['loads']} loads)", "next_identifier_match", "next_identifier_gain"),
        )
    ]
    passes = numbers["tokens_per_pass"]
    rows.append(["tokens per forward pass", f"{passes['without']:.2f}", f"{passes['with']:.2f}", ""])
    return markdown(["attribute loads", "monitor off", "monitor on", "paired change (95 %)"], rows)


def _differences(values: dict[str, list[float]]) -> list[float]:
    return [on - off for on, off in zip(values["with"], values["without"], strict=True)]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=Path, required=True, help="gzipped JSON Lines of cases")
    parser.add_argument("--python", required=True, help="interpreter that has the packages of the cases")
    parser.add_argument("--oracle", type=Path, required=True, help="program that judges names at run time")
    parser.add_argument("--model", help="checkpoint folder; default the embedded model")
    parser.add_argument("--limit", type=int, help="only the first so many loads")
    return parser.parse_args()


if __name__ == "__main__":
    main()
