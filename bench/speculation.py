"""What drafting brings: completions with it beside plain ones, text for text the same.

    python -m bench.speculation [--projects asyncio email http] [--cases 40] [--repeats 3] [--dtypes float32 bfloat16]

Projects are packages of the standard library; the workspace index knows all their files but the one that is
edited, as the disk has it.  Workloads:

* *lines*: what is left of a line, 32 tokens at most; *blocks*: up to 64 tokens over several lines;
* *members*: behind ``self.`` in a class of the project, with and without monitors, jedi's facts known before;
* *rewriting*: the end of a file with its most frequent name replaced, from the file as it was.  A small
  infilling model follows no instruction, so the text is *forced*: passes are real, tokens are replayed.

Lines and blocks that the embedded model wrote are also replayed, forced likewise, on a decoder of 100M
parameters with random weights.  A time is a whole completion's whose prompt is in the cache, drafting
included.  Both ways take turns; of repeats the fastest counts; intervals are over files.
"""

from __future__ import annotations

import argparse
import ast
import random
import sys
import sysconfig
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from rich.progress import track

from bench.chart import Bar, bars
from bench.common import RESULTS, interval, markdown, write_results
from bench.engine import SHAPES, random_model
from bench.forced import WAYS, Measured, forced, in_turns, measured_curve, recorded, rewritings
from completion.service import CompletionService, ServiceSettings, open_service
from completion.types import CompletionRequest, CompletionResult, Document, Limits
from decoding.draft_length import DraftLength
from models.checkpoints import load
from models.engines.fused import FusedEngine

PROJECTS = ("asyncio", "email", "http", "importlib", "logging", "unittest", "urllib", "xml")


@dataclass(frozen=True)
class Case:
    """A cursor.

    Attributes:
        workload: "lines", "blocks" or "members".
        file: Path.
        request: What is asked there, with the default drafters.
    """

    workload: str
    file: str
    request: CompletionRequest


def main() -> None:
    """Run the command line."""
    options = _options()
    cases = [case for workload in CUTS for case in cases_of(workload, options)]
    rows: list[Measured] = []
    for dtype in options.dtypes:
        with tempfile.TemporaryDirectory() as cache:
            settings = ServiceSettings(cache=Path(cache), index_workspaces=True)
            service = open_service(dtype=dtype, settings=settings)
            try:
                made_ready(service, cases)
                written = [(case, list(completed(service, case, options))) for case in track(cases, description=dtype)]
            finally:
                service.close()
        rows += [row for _, measured in written for row in measured]
        rows += replayed_rows([(case, measured[0].tokens) for case, measured in written], dtype, options)
    numbers = summary(rows)
    table = as_table(numbers)
    write_results("speculation", numbers, table, options.out)
    (options.out / "speculation.svg").write_text(as_chart(numbers), encoding="utf-8")
    print(table)


def cases_of(workload: str, options: argparse.Namespace) -> list[Case]:
    """Choose cursors of a workload, spread over the projects' files."""
    rng = random.Random(f"{options.seed} {workload}")
    files = [(path, project) for project in options.projects for path in sources(project)]
    rng.shuffle(files)
    cases: list[Case] = []
    for path, project in files:
        text = path.read_text(encoding="utf-8")
        places = CUTS[workload](text)
        for start, end in rng.sample(places, min(2, len(places))):
            document = Document(str(path), text[:start] + text[end:])
            request = CompletionRequest(
                document,
                start,
                sysconfig.get_path("stdlib") + f"/{project}",
                facts="wait" if workload == "members" else "none",
                limits=Limits(64 if workload == "blocks" else 32, multiline=workload == "blocks"),
            )
            cases.append(Case(workload, str(path), request))
    return cases[: options.cases]


def sources(project: str) -> list[Path]:
    """Return a package's files of a usual size."""
    root = Path(sysconfig.get_path("stdlib"), project)
    return sorted(path for path in root.rglob("*.py") if 2_000 < path.stat().st_size < 100_000)


def statement_places(text: str) -> list[tuple[int, int]]:
    """Return beginnings and ends of lines inside functions, without their indentation."""
    places, at = [], 0
    for line in text.splitlines(keepends=True):
        body = line.strip()
        if line.startswith("        ") and len(body) > 12 and not body.startswith(("#", '"', "'")):
            start = at + len(line) - len(line.lstrip())
            places.append((start, start + len(body)))
        at += len(line)
    return places


def member_places(text: str) -> list[tuple[int, int]]:
    """Return the ends of ``self.`` before an attribute that is read, and of its line."""
    lines = text.splitlines(keepends=True)
    starts = [sum(map(len, lines[:n])) for n in range(len(lines))]
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and isinstance(node.value, ast.Name):
            line = lines[node.lineno - 1]
            column = len(line.encode()[: node.value.end_col_offset or 0].decode()) + 1
            if node.value.id == "self" and node.lineno == node.end_lineno:
                found.append((starts[node.lineno - 1] + column, starts[node.lineno - 1] + len(line.rstrip("\n"))))
    return sorted(set(found))


CUTS: dict[str, Callable[[str], list[tuple[int, int]]]] = {
    "lines": statement_places,
    "blocks": statement_places,
    "members": member_places,
}


def made_ready(service: CompletionService, cases: Sequence[Case]) -> None:
    """Have the machine measured and the workspaces indexed."""
    service.calibrate()
    while service.status()["cost_curve"] is None:
        time.sleep(0.1)
    service.index({case.request.workspace for case in cases})


def completed(service: CompletionService, case: Case, options: argparse.Namespace) -> Iterator[Measured]:
    """Complete a case both ways, and those of members also without monitors."""
    for monitors in (None, ()) if case.workload == "members" else (None,):
        request = replace(case.request, monitors=monitors)

        def run(way: str, request: CompletionRequest = request) -> CompletionResult:
            return service.complete_now(replace(request, drafters=WAYS[way]))

        run("plain")  # the prompt is read, and facts become known
        seconds, results = in_turns(run, options.repeats)
        tokens = {way: [token.id for token in result.tokens] for way, result in results.items()}
        passes = {way: result.counters["forward_passes"] for way, result in results.items()}
        name = {"members": ", no monitors" if monitors == () else ", monitors"}.get(case.workload, "")
        dtype = results["plain"].dtype
        yield Measured(
            f"{case.workload}{name}, embedded, {dtype}",
            case.file,
            tuple(tokens["plain"]),
            passes,
            seconds,
            tokens["plain"] == tokens["drafted"],
        )


def replayed_rows(
    written: Sequence[tuple[Case, tuple[int, ...]]], dtype: str, options: argparse.Namespace
) -> list[Measured]:
    """Rewrite with the embedded model; replay that and what it wrote on a larger one with random weights."""
    model = load(None, dtype)
    length = DraftLength(measured_curve(model))
    files = [path for project in options.projects for path in sources(project)]
    texts = rewritings(model, files, options.cases // 2, options.seed)
    rows = [
        forced(model.engine, model, length, replay, options.repeats) for replay in track(texts, f"rewriting, {dtype}")
    ]
    shape = {**SHAPES["100M"], "vocab_size": model.engine.vocabulary_size}
    large = replace(model, engine=FusedEngine.of(random_model(shape, getattr(torch, dtype))), name="100M")
    length = DraftLength(measured_curve(large))
    lines = [(case.workload, case.request, tokens) for case, tokens in written if case.workload != "members"]
    again = [replace(replay, group=replay.group.replace("embedded", "100M")) for replay in texts]
    large_texts = [*recorded(large, lines), *again]
    return rows + [
        forced(large.engine, large, length, replay, options.repeats) for replay in track(large_texts, "100M")
    ]


def summary(rows: Sequence[Measured]) -> dict[str, Any]:
    """Sum up by group."""
    groups: defaultdict[str, list[Measured]] = defaultdict(list)
    for row in rows:
        groups[row.group].append(row)
    summed = {name: _summed(found) for name, found in groups.items()}
    watched = {
        name.rpartition(", ")[2]: group["tokens_per_second"]["drafted"]
        / summed[name.replace("monitors", "no monitors")]["tokens_per_second"]["drafted"]
        for name, group in summed.items()
        if name.startswith("members, monitors")
    }
    return {"threads": torch.get_num_threads(), "groups": summed, "monitors_on_to_off": watched}


def _summed(rows: Sequence[Measured]) -> dict[str, Any]:
    seconds = {way: sum(row.seconds[way] for row in rows) for way in WAYS}
    tokens = sum(len(row.tokens) for row in rows)
    ratios = [row.seconds["plain"] / row.seconds["drafted"] for row in rows]
    return {
        "cases": len(rows),
        "tokens": tokens,
        "same": sum(row.same for row in rows),
        "passes_per_token": {way: sum(row.passes[way] for row in rows) / tokens for way in WAYS},
        "tokens_per_second": {way: tokens / seconds[way] for way in WAYS},
        "faster": seconds["plain"] / seconds["drafted"],
        "faster_per_case": interval(ratios, [row.file for row in rows]),
    }


def as_table(numbers: dict[str, Any]) -> str:
    """Return the README's table."""
    rows = []
    for name, group in numbers["groups"].items():
        _, low, high = group["faster_per_case"]
        passes, speed = group["passes_per_token"], group["tokens_per_second"]
        rows.append([
            name,
            f"{group['same']} of {group['cases']}",
            f"{passes['plain']:.2f} / {passes['drafted']:.2f}",
            f"{speed['plain']:.0f} / {speed['drafted']:.0f}",
            f"**{group['faster']:.2f}x** ({low:.2f} to {high:.2f})",
        ])  # fmt: skip
    header = ["workload", "same tokens", "passes per token", "tokens per second", "faster (per case, 95 %)"]
    return markdown(header, rows)


def as_chart(numbers: dict[str, Any]) -> str:
    """Return how fast each workload is with drafts, plain decoding being 100 %."""
    groups: defaultdict[str, list[Bar]] = defaultdict(list)
    for name, group in numbers["groups"].items():
        workload, _, model = name.rpartition(", embedded, ") if "embedded" in name else name.rpartition(", 100M, ")
        label = f"{'embedded' if 'embedded' in name else '100M'}, {model}"
        _, low, high = group["faster_per_case"]
        groups[workload].append(Bar(label, group["faster"], low, high))
    for dtype, ratio in numbers["monitors_on_to_off"].items():
        groups["members with drafts, tokens per second without monitors being 100 %"].append(
            Bar(f"with monitors, {dtype}", ratio, ratio, ratio)
        )
    most = max(bar.high for found in groups.values() for bar in found)
    return bars("Completions with drafts, plain ones being 100 %", groups, most)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--projects", nargs="+", default=PROJECTS, help="packages of the standard library")
    parser.add_argument("--cases", type=int, default=60, help="of each workload (default: 60)")
    parser.add_argument("--repeats", type=int, default=3, help="of each case, both ways (default: 3)")
    parser.add_argument("--dtypes", nargs="+", default=["float32", "bfloat16"])
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--out", type=Path, default=RESULTS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
