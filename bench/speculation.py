"""What drafting brings: completions with it beside plain ones, text for text the same.

    python -m bench.speculation [--projects asyncio email http] [--cases 40] [--repeats 3] [--dtypes float32 bfloat16]

Projects are packages of the standard library; the workspace index knows all their files but the one that is
edited, as the disk has it.  Workloads:

* *lines*: what is left of a line, 32 tokens at most; *blocks*: up to 64 tokens over several lines;
* *members*: behind ``self.`` in a class of the project, with and without monitors, jedi's facts known before;
* *rewriting*: the end of a file with its most frequent name replaced, from the file as it was.  A small
  infilling model follows no instruction, so the text is *forced*: passes are real, tokens are replayed;
* *continuing*: the end of a file as it stands there, forced likewise: what a model would write that makes no
  mistakes.

Lines and blocks that the embedded model wrote are also replayed, forced likewise, on a decoder of 100M
parameters with random weights; it continues with and without the embedded model as its draft model.  A time
is a whole completion's whose prompt is in the cache, drafting included.  Both ways take turns; of repeats
the fastest counts; intervals are over files.  *Predicted* is what the passes alone would bring by the cost
curve: what is missing to it is the time of drafting.
"""

from __future__ import annotations

import argparse
import ast
import random
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from rich.progress import track

from bench.common import RESULTS, write_results
from bench.engine import SHAPES, random_model
from bench.forced import WAYS, Measured, Replay, continuations, forced, in_turns, measured_curve, recorded, rewritings
from bench.speculation_report import as_chart, as_table, summary
from completion.service import CompletionService, ServiceSettings, open_service
from completion.types import CompletionRequest, CompletionResult, Document, Limits
from decoding.draft_length import DraftLength
from models.checkpoints import LoadedModel, load
from models.draft_model import DraftModel
from models.engines.choose import engine_for

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


@dataclass
class Costs:
    """Adds up what forward passes cost.

    Attributes:
        seconds: By the cost curve.
    """

    seconds: float = 0.0

    def add(self, n_tokens: int, seconds: float, expected: float | None) -> None:
        """Add a pass that should have taken ``expected``."""
        assert expected is not None, "the machine has been measured"
        self.seconds += expected


def main() -> None:
    """Run the command line."""
    options = _options()
    cases = [case for workload in CUTS for case in cases_of(workload, options)]
    rows: list[Measured] = []
    for dtype in options.dtypes:
        with tempfile.TemporaryDirectory() as cache:
            settings = ServiceSettings(cache=Path(cache), index_workspaces=True)
            costs = Costs()
            service = open_service(dtype=dtype, settings=settings, on_step=costs.add)
            try:
                made_ready(service, cases)
                written = [
                    (case, list(completed(service, case, costs, options))) for case in track(cases, description=dtype)
                ]
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


def completed(service: CompletionService, case: Case, costs: Costs, options: argparse.Namespace) -> Iterator[Measured]:
    """Complete a case both ways, and those of members also without monitors; passes add to ``costs``."""
    for monitors in (None, ()) if case.workload == "members" else (None,):
        request = replace(case.request, monitors=monitors)

        predicted: dict[str, float] = {}

        def run(
            way: str, request: CompletionRequest = request, predicted: dict[str, float] = predicted
        ) -> CompletionResult:
            costs.seconds = 0.0
            result = service.complete_now(replace(request, drafters=WAYS[way]))
            predicted[way] = costs.seconds
            return result

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
            predicted,
            tokens["plain"] == tokens["drafted"],
        )


def replayed_rows(
    written: Sequence[tuple[Case, tuple[int, ...]]], dtype: str, options: argparse.Namespace
) -> list[Measured]:
    """Rewrite with the embedded model; replay that and what it wrote on a larger one with random weights."""
    model = load(None, dtype)
    files = [path for project in options.projects for path in sources(project)]
    texts = rewritings(model, files, options.cases // 2, options.seed)
    rows = forced_rows(model, texts, options.repeats)
    repeats = min(options.repeats, 2)
    shape = {**SHAPES["100M"], "vocab_size": model.engine.vocabulary_size}
    random_weights, _ = engine_for(random_model(shape, getattr(torch, dtype)))
    large = replace(model, engine=random_weights, name="100M", heads=None)
    lines = [(case.workload, case.request, tokens) for case, tokens in written if case.workload != "members"]
    again = [replace(text, group=text.group.replace("embedded", "100M")) for text in texts[: -(-len(texts) // 2)]]
    ends = continuations(large, files, options.cases // 4, options.seed)
    rows += forced_rows(large, [*recorded(large, lines), *again, *ends], repeats)
    helped = [
        replace(replay, group=replay.group.replace("continuing", "continuing with a draft model")) for replay in ends
    ]
    return rows + forced_rows(replace(large, draft=DraftModel(model.engine)), helped, repeats)


def forced_rows(model: LoadedModel, replays: Sequence[Replay], repeats: int) -> list[Measured]:
    """Write given texts both ways."""
    curve = measured_curve(model)
    length = DraftLength(curve)
    return [forced(model, curve, length, replay, repeats) for replay in track(replays, model.name)]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--projects", nargs="+", default=PROJECTS, help="packages of the standard library")
    parser.add_argument("--cases", type=int, default=60, help="of each workload (default: 60)")
    parser.add_argument(
        "--repeats", type=int, default=3, help="of each case, both ways (default: 3; of 100M at most 2)"
    )
    parser.add_argument("--dtypes", nargs="+", default=["float32", "bfloat16"])
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--out", type=Path, default=RESULTS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
