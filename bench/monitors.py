r"""What each monitor brings and what it costs.

    python -m bench.monitors --cases CASES.jsonl.gz --python INTERPRETER \\
        --oracle runtime_oracle.py --metrics fim_metrics.py

*Benefit*: cases of real packages (``bench.cases``) are completed greedily with all facts awaited: with no
monitors (those that keep the typed part and Unicode aside), with all, with each alone beside them, and with all
but each.  Every configuration completes the same cases, so differences are paired; intervals are bootstrapped
over files.  *Refusals*: where the text with all monitors begins with another name than without, was the refused
name wrong indeed, and what came in its place?  *Cost*: ``bench.monitor_cost``.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from analysis.analyzers.jedi.pool import JediPool
from analysis.store import FactStore
from bench import monitor_cost
from bench.cases import Case, Judges, first_name, read_cases, request_of, sample, site_packages
from bench.common import RESULTS, interval, markdown, percent, write_results
from completion.service import CompletionService
from models.checkpoints import LoadedModel, load
from monitors import registry

KINDS = ("deref", "import", "line", "midline", "callargs")
JUDGED = frozenset({"deref", "import"})
NEW_TOKENS = 24
NONE, ALL = "none", "all"

COUNTED = ("forward_passes", "new_tokens", "backtracks")

SETTINGS = ("loads", "per_kind", "ablation_per_kind", "cost_cases", "seed")

Monitors = tuple[str, ...] | None


@dataclass(frozen=True)
class Scores:
    """What one configuration made of some cases; a value a case, None where it does not apply.

    Attributes:
        names: Names that the completions begin with.
        verdicts: "valid", "invalid" or "unknown".
        values: Numbers by metric.
    """

    names: tuple[str, ...]
    verdicts: tuple[str, ...]
    values: Mapping[str, tuple[float | None, ...]]


METRICS = {
    "invalid": "names that do not exist at run time",
    "next_identifier": "next identifier right",
    "first_line": "first line right",
    "parses": "parses",
    "undefined": "undefined names",
    "empty": "nothing written",
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run from the command line."""
    options = parse(arguments)
    console = Console(stderr=True)
    cases = read_cases(options.cases)
    wide = [
        *sample(cases, KINDS[:1], options.loads, options.seed),
        *sample(cases, KINDS[1:], options.per_kind, options.seed),
    ]
    narrow = sample(cases, KINDS, options.ablation_per_kind, options.seed)
    packages, model = site_packages(options.python), load(options.model)
    judges = Judges(options.python, options.oracle, options.metrics)
    bench = Bench(model, packages, options.python, judges, console)
    benefit = bench.scores({NONE: (), ALL: None}, wide)
    ablation = bench.scores(dict(ablations()), narrow) if narrow else {}
    numbers = {
        "settings": {name: getattr(options, name) for name in SETTINGS},
        "model": {"name": model.name, "dtype": model.dtype},
        "benefit": {kind: compare(wide, benefit, kind) for kind in KINDS},
        "refusals": {kind: refusals(wide, benefit, kind) for kind in sorted(JUDGED)},
        "ablation": {name: totals(narrow, ablation, name) for name in ablation},
        "cost": bench.cost(sample(cases, KINDS, options.cost_cases, options.seed)) if options.cost_cases else {},
    }
    table = as_tables(numbers)
    write_results("monitors", numbers, table, options.out)
    console.print(table, soft_wrap=True)


@dataclass(frozen=True)
class Bench:
    """What completes cases and has them judged."""

    model: LoadedModel
    packages: Path
    python: str
    judges: Judges
    console: Console

    def scores(self, configurations: Mapping[str, Monitors], cases: Sequence[Case]) -> dict[str, Scores]:
        """Complete each case with each configuration, case by case so that they share its facts and its prompt."""
        texts: dict[str, list[str]] = {name: [] for name in configurations}
        service = CompletionService(self.model, FactStore(JediPool()))
        try:
            for case in track(cases, f"{len(configurations)} configurations", console=self.console):
                for name, monitors in configurations.items():
                    request = request_of(case, self.packages, self.python, monitors, NEW_TOKENS)
                    texts[name].append(service.complete_now(request).text)
        finally:
            service.close()
        return {name: self._judged(cases, found) for name, found in texts.items()}

    def cost(self, cases: Sequence[Case]) -> dict[str, Any]:
        """Measure what the monitors cost on some cases."""
        requests = [request_of(case, self.packages, self.python, None, NEW_TOKENS) for case in cases]
        service = CompletionService(self.model, FactStore(JediPool()))
        try:
            with self.console.status("cost"):
                end_to_end = monitor_cost.end_to_end(service, requests)
        finally:
            service.close()
        loads = [case for case in cases if case["kind"] == "deref"]
        with self.console.status("cost by token, keystrokes"):
            return {
                "end_to_end": end_to_end,
                "per_token_us": monitor_cost.per_token(self.model, requests),
                "facts": monitor_cost.keystrokes(self.model, loads, self.packages, self.python),
            }

    def _judged(self, cases: Sequence[Case], texts: Sequence[str]) -> Scores:
        judged = [i for i, case in enumerate(cases) if case["kind"] in JUDGED]
        known = self.judges.verdicts([cases[i] for i in judged], [texts[i] for i in judged])
        verdicts = dict(zip(judged, known, strict=True))
        rows = self.judges.measures(cases, texts)
        values: dict[str, tuple[float | None, ...]] = {
            "invalid": tuple(number(verdicts.get(i, "unknown"), "unknown", "invalid") for i in range(len(cases))),
            "next_identifier": tuple(as_float(row["next_identifier_match"]) for row in rows),
            "first_line": tuple(as_float(row["first_line_exact_match"]) for row in rows),
            "parses": tuple(as_float(row["parses"]) for row in rows),
            "undefined": tuple(as_float(row["new_undefined"]) for row in rows),
            "empty": tuple(float(not text.strip()) for text in texts),
        }
        names = tuple(first_name(text) for text in texts)
        return Scores(names, tuple(verdicts.get(i, "unknown") for i in range(len(cases))), values)


def ablations() -> Iterator[tuple[str, Monitors]]:
    """Yield the configurations: none, each alone, all but each, all."""
    optional = [name for name in registry.DEFAULT if name not in registry.ALWAYS]
    yield NONE, ()
    for name in optional:
        yield f"only {name}", (name,)
    for name in optional:
        yield f"all but {name}", tuple(other for other in optional if other != name)
    yield ALL, None


def compare(cases: Sequence[Case], scores: Mapping[str, Scores], kind: str) -> dict[str, Any]:
    """Return each metric on a kind of cases without and with monitors, and the paired difference."""
    found: dict[str, Any] = {}
    for metric in METRICS:
        off, on = (scores[name].values[metric] for name in (NONE, ALL))
        both = [i for i, c in enumerate(cases) if c["kind"] == kind and off[i] is not None and on[i] is not None]
        if both:
            files = [cases[i]["path"] for i in both]
            pairs = [(float(off[i] or 0), float(on[i] or 0)) for i in both]
            found[metric] = {
                "cases": len(both),
                "without": interval([a for a, _ in pairs], files),
                "with": interval([b for _, b in pairs], files),
                "difference": interval([b - a for a, b in pairs], files),
            }
    return found


def refusals(cases: Sequence[Case], scores: Mapping[str, Scores], kind: str) -> dict[str, dict[str, int]]:
    """Count what was refused, by what the oracle says of it, and what was written instead."""
    off, on = scores[NONE], scores[ALL]
    counts: dict[str, Counter[str]] = {}
    for i, case in enumerate(cases):
        if case["kind"] == kind and off.names[i] != on.names[i]:
            refused = {"invalid": "wrong", "valid": "valid"}.get(off.verdicts[i], "not judged")
            truth = on.names[i] == first_name(case["truth"])
            instead = {"valid": "another valid name", "invalid": "nonsense"}.get(on.verdicts[i], "not judged")
            counts.setdefault(refused, Counter())["the truth" if truth else instead] += 1
    return {refused: dict(found) for refused, found in counts.items()}


def totals(cases: Sequence[Case], scores: Mapping[str, Scores], name: str) -> dict[str, dict[str, Any]]:
    """Return each metric of a configuration, and its paired change.

    A monitor alone is compared with no monitors, all but one with all.
    """
    other = scores[NONE if name.startswith("only ") else ALL]
    found = {}
    for metric, values in scores[name].values.items():
        known = [value for value in values if value is not None]
        both = [i for i, (a, b) in enumerate(zip(other.values[metric], values, strict=True)) if None not in (a, b)]
        changes = [float(values[i] or 0) - float(other.values[metric][i] or 0) for i in both]
        change = interval(changes, [cases[i]["path"] for i in both]) if both else (0.0, 0.0, 0.0)
        found[metric] = {"mean": sum(known) / max(1, len(known)), "cases": len(known), "change": change}
    return found


def number(value: str, unknown: str, hit: str) -> float | None:
    """Return 1 for ``hit``, None for ``unknown``, 0 for anything else."""
    return None if value == unknown else float(value == hit)


def as_float(value: bool | None) -> float | None:
    """Return a truth value as a number, None as None."""
    return None if value is None else float(value)


def as_tables(numbers: Mapping[str, Any]) -> str:
    """Return everything as Markdown."""
    rows = [
        (kind, METRICS[metric], row["cases"], *(percent(row[key]) for key in ("without", "with", "difference")))
        for kind, metrics in numbers["benefit"].items()
        for metric, row in metrics.items()
    ]
    parts = [markdown(("cases", "share of", "number", "no monitors", "all", "paired change (95 %)"), rows)]
    refused = [
        (kind, label, what, count)
        for kind, found in numbers["refusals"].items()
        for label, instead in found.items()
        for what, count in instead.items()
    ]
    parts.append(markdown(("cases", "refused name", "written instead", "number"), refused))
    if numbers["ablation"]:
        rows = [(name, *(changed(cell) for cell in row.values())) for name, row in numbers["ablation"].items()]
        parts.append("Share, number of cases, and paired change against no monitors (`only`) or against all:")
        parts.append(markdown(("monitors", *METRICS.values()), rows))
    if numbers["cost"]:
        parts += cost_tables(numbers["cost"])
    return "\n\n".join(parts)


def cost_tables(cost: Mapping[str, Any]) -> list[str]:
    """Return the tables of what monitors cost."""
    token, end, facts = cost["per_token_us"], cost["end_to_end"], cost["facts"]
    rows = [("all together", *token["all"].values()), *((n, *row.values()) for n, row in token["monitors"].items())]
    return [
        markdown((f"µs a token, {token['tokens']} tokens", "p50", "p99", "mean"), rows),
        markdown(
            ("end to end, warm", "ms", "of these choosing", "forward passes", "tokens", "lines written again"),
            [
                (name, *(round(end[name][key]) for key in ("ms", "choosing_ms")), *(end[name][key] for key in COUNTED))
                for name in ("on", "off")
            ],
        ),
        "On against off: {pass:.3f}x a forward pass, {token:.3f}x a token, {completion:.3f}x a completion.".format(
            **end["ratio"]
        ),
        markdown(
            (
                "facts in live mode",
                "needed by what was written",
                "there",
                "share",
                "verified late",
                "asked, those ahead included",
                "on time",
                "late",
                "cannot be told",
                "unanswered",
                "on time, of answerable",
            ),
            [
                (
                    name,
                    *(facts[name][key] for key in ("needed", "there")),
                    f"{100 * facts[name]['there_share']:.0f} %",
                    *(facts[name][key] for key in ("verified_late", "asked", "on_time", "late")),
                    *(facts[name][key] for key in ("unresolved", "unanswered")),
                    f"{100 * facts[name]['on_time_share']:.0f} %",
                )
                for name in ("cold", "warm")
            ],
        ),
        f"A keystroke in live mode, median: {facts['total_ms']['cold']:.0f} ms the first time in a file, "
        f"{facts['total_ms']['warm']:.0f} ms after that; waited for facts {facts['analysis_wait_ms']['p50']:.0f} ms, "
        f"at most {facts['analysis_wait_ms']['max']:.0f}.",
    ]


def changed(cell: Mapping[str, Any]) -> str:
    """Return a share with its change."""
    change, low, high = (100 * value for value in cell["change"])
    return f"{100 * cell['mean']:.0f} % of {cell['cases']}, {change:+.0f} ({low:+.0f} to {high:+.0f})"


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=Path, required=True, help="JSON Lines of cases, gzipped or not")
    parser.add_argument("--python", required=True, help="interpreter that has the packages of the cases")
    parser.add_argument("--oracle", type=Path, required=True, help="program that judges names at run time")
    parser.add_argument("--metrics", type=Path, required=True, help="program that compares and parses")
    parser.add_argument("--model", help="checkpoint folder; default the embedded model")
    parser.add_argument("--loads", type=int, default=300, help="attribute loads for none against all")
    parser.add_argument("--per-kind", type=int, default=60, help="cases of each other kind for none against all")
    parser.add_argument("--ablation-per-kind", type=int, default=4, help="cases of each kind one by one; 0 for none")
    parser.add_argument("--cost-cases", type=int, default=12, help="cases of each kind for costs; 0 for none")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of monitors.json and monitors.md")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
