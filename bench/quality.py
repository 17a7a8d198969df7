r"""How good a model is, with and without the monitors; also ``verifill bench quality``.

    python -m bench.quality --infilling HumanEval-SingleLineInfilling.jsonl.gz \\
        --cases CASES.jsonl.gz --python INTERPRETER --oracle runtime_oracle.py --metrics fim_metrics.py

Three parts, each done if its files are given: HumanEval-Infilling by its tests (``bench.infilling``), cases of
real packages (``bench.cases``) by text, parser, pyflakes and the oracle, and bits per byte (``bench.bits``) of the
packages that the interpreter has.  Completions are greedy and facts are awaited: two runs agree exactly, unless
the machine is so busy that the analysis takes more than two seconds over a name.  ``texts`` in the result is a
digest of all that was written.
"""

from __future__ import annotations

import argparse
import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from analysis.analyzers.jedi.pool import JediPool
from analysis.store import FactStore
from bench import bits, cases, infilling
from bench.cases import Judges
from bench.common import RESULTS, interval, markdown, write_results
from completion.service import CompletionService
from completion.types import CompletionRequest, Limits
from models.checkpoints import LoadedModel, load

Monitors = tuple[str, ...] | None
Values = Sequence[float | None]

CONFIGURATIONS: Mapping[str, Monitors] = {"without": (), "with": None}

# Kinds of cases and the most tokens that their middles get.
KINDS = {"deref": 24, "import": 32, "midline": 48, "callargs": 48, "line": 64, "block": 128}
MULTILINE = frozenset({"block"})
JUDGED = frozenset({"deref", "import"})

METRICS = {
    "invalid": "names that do not exist at run time",
    "next_identifier_match": "next identifier right",
    "exact_match": "exactly right",
    "first_line_exact_match": "first line right",
    "edit_similarity": "edit similarity",
    "parses": "file parses",
    "new_undefined": "undefined names",
    "empty": "empty",
}


@dataclass
class Writer:
    """Completes with one service, and keeps account.

    Attributes:
        service: Completes.
        console: Shows how far it is.
        digest: Of all texts.
        finish: Why completions ended, by configuration.
    """

    service: CompletionService
    console: Console
    digest: hashlib._Hash = field(default_factory=hashlib.sha256)
    finish: dict[str, Counter[str]] = field(default_factory=lambda: {name: Counter() for name in CONFIGURATIONS})

    def texts(
        self, rows: Sequence[Any], request: Callable[[Any, Monitors], CompletionRequest], what: str
    ) -> dict[str, list[str]]:
        """Complete each row with each configuration, row by row so that they share its facts and its prompt."""
        found: dict[str, list[str]] = {name: [] for name in CONFIGURATIONS}
        for row in track(rows, what, console=self.console):
            for name, monitors in CONFIGURATIONS.items():
                result = self.service.complete_now(request(row, monitors))
                self.digest.update(result.text.encode() + b"\0")
                self.finish[name][result.candidates[0].finish_reason] += 1
                found[name].append(result.text)
        return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Run from the command line."""
    options = parse(arguments)
    console, model = Console(stderr=True), load(options.model, options.dtype, options.device)
    numbers = {
        "model": {"name": model.name, "dtype": model.dtype, "device": model.device},
        "settings": {"limit": options.limit, "seed": options.seed, "stop_rule": infilling.STOP_RULE},
        **measured(model, options, console),
    }
    table = as_tables(numbers)
    write_results(options.name, numbers, table, options.out)
    console.print(table, soft_wrap=True, markup=False)


def measured(model: LoadedModel, options: argparse.Namespace, console: Console) -> dict[str, Any]:
    """Do the parts that files are given for."""
    writer = Writer(CompletionService(model, FactStore(JediPool())), console)
    found: dict[str, Any] = {}
    try:
        if options.infilling:
            problems = infilling.drawn(infilling.read_problems(options.infilling), options.limit, options.seed)
            found["infilling"] = infilling_scores(problems, writer)
        if options.cases:
            found["cases"] = case_scores(options, writer)
        found["texts"] = writer.digest.hexdigest()
        found["finish"] = {name: dict(counts) for name, counts in writer.finish.items()}
    finally:
        writer.service.close()
    if options.python:
        with console.status("bits per byte"):
            packages = cases.site_packages(options.python)
            found["bits_per_byte"] = bits.held_out_bits(model, packages, options.limit, options.seed)
    return found


def infilling_scores(problems: Sequence[infilling.Problem], writer: Writer) -> dict[str, Any]:
    """Write the lines that are missing, and run the tests."""
    texts = writer.texts(problems, infilling.request_of, "HumanEval-Infilling")
    with writer.console.status("running tests"):
        found = {name: infilling.scores(problems, written) for name, written in texts.items()}
    groups = [infilling.group_of(problem) for problem in problems]
    return {metric: paired(found["without"][metric], found["with"][metric], groups) for metric in found["with"]}


def case_scores(options: argparse.Namespace, writer: Writer) -> dict[str, Any]:
    """Write what is missing in cases of real packages, and have it judged."""
    packages = cases.site_packages(options.python)
    known = cases.read_cases(options.cases)
    most = len(known) if options.limit is None else options.limit
    chosen = cases.sample(known, tuple(KINDS), most, options.seed)

    def request(case: cases.Case, monitors: Monitors) -> CompletionRequest:
        kind = case["kind"]
        plain = cases.request_of(case, packages, options.python, monitors, KINDS[kind])
        return replace(plain, limits=Limits(KINDS[kind], multiline=kind in MULTILINE))

    texts = writer.texts(chosen, request, "cases of packages")
    judges = Judges(options.python, options.oracle, options.metrics)
    with writer.console.status("judging"):
        found = {name: judged(judges, chosen, written) for name, written in texts.items()}
    return {kind: compared(chosen, found, kind) for kind in KINDS if any(case["kind"] == kind for case in chosen)}


def judged(judges: Judges, chosen: Sequence[cases.Case], texts: Sequence[str]) -> dict[str, list[float | None]]:
    """Return a number a case by metric, None where it does not apply."""
    named = [i for i, case in enumerate(chosen) if case["kind"] in JUDGED]
    verdicts = dict(zip(named, judges.verdicts([chosen[i] for i in named], [texts[i] for i in named]), strict=True))
    rows = judges.measures(chosen, texts)
    values: dict[str, list[float | None]] = {
        metric: [None if row[metric] is None else float(row[metric]) for row in rows]
        for metric in METRICS
        if metric != "invalid"
    }
    invalid = {"valid": 0.0, "invalid": 1.0}
    return {"invalid": [invalid.get(verdicts.get(i, "unknown")) for i in range(len(chosen))]} | values


def compared(chosen: Sequence[cases.Case], found: Mapping[str, Mapping[str, Values]], kind: str) -> dict[str, Any]:
    """Return each metric of one kind of cases, over the cases that it applies to in both configurations."""
    mine = [i for i, case in enumerate(chosen) if case["kind"] == kind]
    return {
        metric: paired(
            [found["without"][metric][i] for i in mine],
            [found["with"][metric][i] for i in mine],
            [chosen[i]["path"] for i in mine],
        )
        for metric in METRICS
        if any(found["with"][metric][i] is not None for i in mine)
    }


def paired(without: Values, with_: Values, groups: Sequence[str]) -> dict[str, Any]:
    """Return means and the mean difference with intervals over groups, of cases that both have a value for."""
    both = [(a, b, group) for a, b, group in zip(without, with_, groups, strict=True) if None not in (a, b)]
    if not both:
        return {"cases": 0}
    off, on, where = ([float(a or 0) for a, _, _ in both], [float(b or 0) for _, b, _ in both], [g for *_, g in both])
    return {
        "cases": len(both),
        "without": interval(off, where),
        "with": interval(on, where),
        "difference": interval([b - a for a, b in zip(off, on, strict=True)], where),
    }


def as_tables(numbers: Mapping[str, Any]) -> str:
    """Return everything as Markdown, published figures beside ours."""
    model = numbers["model"]
    parts = [f"# Quality of {model['name']}, {model['dtype']}"]
    if "infilling" in numbers:
        parts += infilling_tables(numbers["infilling"], model["name"])
    if "cases" in numbers:
        rows = [
            (kind, METRICS[metric], *shares(row))
            for kind, metrics in numbers["cases"].items()
            for metric, row in metrics.items()
            if row["cases"]
        ]
        parts.append(markdown(("cases", "metric", *HEADER), rows))
    if "bits_per_byte" in numbers:
        found = numbers["bits_per_byte"]
        parts.append(markdown(("bits per byte", *found), [("", *(f"{value:.4f}" for value in found.values()))]))
    return "\n\n".join(parts)


HEADER = ("number", "without monitors", "with monitors", "paired change (95 %)")


def infilling_tables(found: Mapping[str, Any], name: str) -> list[str]:
    """Return what came of HumanEval-Infilling, and what others published."""
    words = {
        "passes": "pass@1",
        "passes_empty": "of that, with nothing written",
        "exact": "exactly right",
        "empty": "empty",
    }
    ours = markdown(("HumanEval-Infilling", *HEADER), [(words[metric], *shares(row)) for metric, row in found.items()])
    both = " / ".join(f"{100 * found['passes'][key][0]:.1f} %" for key in CONFIGURATIONS)
    rows = [(f"{name}, without / with monitors", both, "this run"), *infilling.ANCHORS]
    return [ours, f"Stop rule: {infilling.STOP_RULE}.", markdown(("model", "single-line pass@1", "from"), rows)]


def shares(row: Mapping[str, Any]) -> tuple[object, ...]:
    """Return the cells of a compared metric."""
    cells = (f"{100 * a:.1f} % ({100 * b:.1f} to {100 * c:.1f})" for a, b, c in (row[key] for key in HEADED))
    return row["cases"], *cells


HEADED = ("without", "with", "difference")


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="verifill bench quality", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", help="checkpoint folder or hub id; default the embedded model")
    parser.add_argument("--dtype", default="auto")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--infilling", type=Path, help="the benchmark's file, gzipped or not")
    parser.add_argument("--cases", type=Path, help="JSON Lines of cases, gzipped or not; needs the next three")
    parser.add_argument("--python", help="interpreter that has the packages; alone, only for bits per byte")
    parser.add_argument("--oracle", type=Path, help="program that judges names at run time")
    parser.add_argument("--metrics", type=Path, help="program that compares and parses")
    parser.add_argument("--limit", type=int, help="of each part: problems, cases of a kind, windows of a package")
    parser.add_argument("--seed", type=int, default=1, help="of what --limit draws")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the results")
    parser.add_argument("--name", default="quality", help="NAME.json and NAME.md are written")
    options = parser.parse_args(arguments)
    if not (options.infilling or options.cases or options.python):
        parser.error("nothing to measure: give --infilling, --cases or --python")
    if options.cases and not (options.python and options.oracle and options.metrics):
        parser.error("--cases needs --python, --oracle and --metrics")
    for path in (options.infilling, options.cases, options.oracle, options.metrics):
        if path is not None and not path.is_file():
            parser.error(f"there is no file {path}")
    return options


if __name__ == "__main__":
    main()
