"""What the dereference monitor brings on real attribute loads.

    python -m bench.dereference --cases CASES.jsonl.gz --python INTERPRETER --oracle runtime_oracle.py

Cases are JSON Lines with ``id``, ``path`` (below the interpreter's site-packages), ``prefix``,
``suffix``, ``truth``, ``kind`` ("deref") and ``meta.ctx``; loads are kept.  Every case is completed twice in
turn, with all monitors and with all but ``dereference``, greedy, facts awaited.  The file under
test is given to the analysis as the edited buffer.  The second completion of a pair reuses the
first one's prefill, so the recorded times compare phases other than that.  The oracle is a program that knows the
packages at run time, not the analyser that drives the monitor: ``oracle CASES PREDICTIONS
--output ROWS`` writes a row with ``key`` and ``status`` ("valid", "invalid", "unknown") a case.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.progress import track

from analysis.analyzers.jedi_pool import JediPool
from analysis.store import FactStore
from bench.common import interval, markdown, write_results
from completion.service import CompletionService
from completion.types import CompletionRequest, CompletionResult, Document, Limits
from models.checkpoints import load

CONFIGURATIONS: dict[str, tuple[str, ...]] = {
    "without": ("lexical", "brackets", "dot"),
    "with": ("lexical", "brackets", "dot", "dereference"),
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
    cases = read_cases(options.cases, options.limit)
    packages = site_packages(options.python)
    model = load(options.model)
    service = CompletionService(model, FactStore(JediPool()))
    outcomes: dict[str, list[Outcome]] = {name: [] for name in CONFIGURATIONS}
    try:
        for case in track(cases, description="completing"):
            for name, monitors in CONFIGURATIONS.items():
                outcomes[name].append(complete(service, case, packages, options.python, monitors))
    finally:
        service.close()
    verdicts = {name: judge(options, cases, found) for name, found in outcomes.items()}
    numbers = summary(cases, outcomes, verdicts)
    numbers["model"] = {"name": model.name, "dtype": model.dtype}
    table = as_table(numbers)
    write_results("dereference", numbers, table)
    print(table)


def read_cases(path: Path, limit: int | None) -> list[dict[str, Any]]:
    """Read the attribute loads of a case file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    loads = [row for row in rows if row["kind"] == "deref" and row["meta"]["ctx"] == "Load"]
    return loads[:limit]


def site_packages(python: str) -> Path:
    """Ask an interpreter where its packages are."""
    command = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    return Path(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip())


def complete(
    service: CompletionService, case: dict[str, Any], packages: Path, python: str, monitors: tuple[str, ...]
) -> Outcome:
    """Complete one case and take the leading identifier."""
    path = packages / case["path"]
    request = CompletionRequest(
        document=Document(str(path), case["prefix"] + case["suffix"]),
        offset=len(case["prefix"]),
        workspace=str(path.parent),
        environment=python,
        facts="wait",
        monitors=monitors,
        limits=Limits(NEW_TOKENS, multiline=False),
    )
    result = service.complete_now(request)
    found = re.match(r"[^\W\d]\w*", result.text)
    return Outcome(found.group() if found else "", result)


def judge(options: argparse.Namespace, cases: list[dict[str, Any]], found: list[Outcome]) -> list[str]:
    """Ask the oracle about every completion."""
    with tempfile.TemporaryDirectory() as folder:
        predictions, rows = Path(folder) / "predictions.jsonl", Path(folder) / "rows.jsonl"
        lines = (json.dumps({"id": c["id"], "completion": o.name}) for c, o in zip(cases, found, strict=True))
        predictions.write_text("\n".join(lines) + "\n", encoding="utf-8")
        command = [options.python, options.oracle, options.cases, predictions, "--output", rows]
        subprocess.run([str(word) for word in command], check=True, capture_output=True)
        status = {row["key"]: row["status"] for row in map(json.loads, rows.read_text().splitlines())}
    return [status[case["id"]] for case in cases]


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
