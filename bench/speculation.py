"""What drafting brings: completions with it beside plain ones, text for text the same.

    python -m bench.speculation [--projects asyncio email http] [--cases 60] [--repeats 3] [--dtypes float32 bfloat16]

Projects are packages of the standard library; the workspace index knows all their files but the one that is
edited, as the disk has it.  Workloads:

* *lines*: what is left of a line, 32 tokens at most; *blocks*: up to 64 tokens over several lines;
* *members*: behind ``self.`` in a class of the project, with and without monitors, jedi's facts known before;
* *rewriting*: the end of a file with its most frequent name replaced, from the file as it was.  A small
  infilling model follows no instruction, so the text is *forced*: passes are real, tokens are replayed;
* *continuing*: the end of a file as it stands there, forced likewise: what a model would write that makes no
  mistakes; also with the embedded model as its draft model.

Models are the embedded one, and a decoder of 100M parameters with random weights that says what the embedded one
says (``bench.dubbing``).  A time is a whole completion's whose prompt is in the cache, drafting included.  All ways
take turns; of repeats the fastest counts; intervals are over files.  The drafter ``previous`` is left out: the
same completion once more is what it waits for.  *Predicted* is what the passes alone would bring by the cost
curve: what is missing to it is the time of drafting.
"""

from __future__ import annotations

import argparse
import ast
import random
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch
from rich.progress import track

from bench.common import RESULTS, write_results
from bench.dubbing import DubbedEngine
from bench.engine import SHAPES, Shape, random_model
from bench.forced import WAYS, Measured, Replay, continuations, forced, in_turns, measured_curve, rewritings
from bench.speculation_report import as_chart, as_table, summary
from completion.analysis import open_analysis
from completion.service import CompletionService, ServiceSettings
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
        embedded = load(None, dtype)
        large = hundred_million(embedded)
        rows += served(embedded, cases, lambda: 0.0, options)
        dubbed = DubbedEngine(large.engine, embedded.engine)
        rows += served(replace(large, engine=dubbed), cases, partial(getattr, dubbed, "seconds"), options)
        rows += forced_texts(embedded, large, options)
    numbers = summary(rows)
    table = as_table(numbers)
    write_results("speculation", numbers, table, options.out)
    (options.out / "speculation.svg").write_text(as_chart(numbers), encoding="utf-8")
    print(table)


def hundred_million(embedded: LoadedModel) -> LoadedModel:
    """Return a decoder of 100M parameters with random weights and the embedded model's vocabulary."""
    shape: Shape = {**SHAPES["100M"], "vocab_size": embedded.engine.vocabulary_size}
    engine, _ = engine_for(random_model(shape, getattr(torch, embedded.dtype)))
    return replace(embedded, engine=engine, name="100M", heads=None)


def served(
    model: LoadedModel, cases: Sequence[Case], aside: Callable[[], float], options: argparse.Namespace
) -> list[Measured]:
    """Complete all cases in all ways; ``aside`` returns the seconds so far that do not count."""
    with tempfile.TemporaryDirectory() as cache:
        settings = ServiceSettings(cache=Path(cache), index_workspaces=True)
        costs = Costs()
        service = CompletionService(model, open_analysis(), settings, costs.add)
        try:
            made_ready(service, cases)
            shown = track(cases, f"{model.name}, {model.dtype}")
            return [row for case in shown for row in completed(service, case, costs, aside, options)]
        finally:
            service.close()


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


def completed(
    service: CompletionService, case: Case, costs: Costs, aside: Callable[[], float], options: argparse.Namespace
) -> Iterator[Measured]:
    """Complete a case both ways, those of members also without monitors; passes add to ``costs``."""
    watched: dict[str, tuple[str, ...] | None] = {"": None}
    if case.workload == "members":
        watched = {", monitors": None, ", no monitors": ()}
    ways = {(name, way): (name, way) for name in watched for way in WAYS}
    predicted: dict[tuple[str, str], float] = {}

    def run(which: tuple[str, str]) -> CompletionResult:
        name, way = which
        costs.seconds = 0.0
        result = service.complete_now(replace(case.request, monitors=watched[name], drafters=WAYS[way]))
        predicted[which] = costs.seconds
        return result

    for name in watched:
        run((name, "plain"))  # the prompt is read, and facts become known
    seconds, results = in_turns(run, ways, options.repeats, aside)
    for name in watched:
        plain, drafted = results[name, "plain"], results[name, "drafted"]
        tokens = [tuple(token.id for token in result.tokens) for result in (plain, drafted)]
        yield Measured(
            f"{case.workload}{name}, {service.model}, {plain.dtype}",
            case.file,
            tokens[0],
            {way: results[name, way].counters["forward_passes"] for way in WAYS},
            {way: seconds[name, way] for way in WAYS},
            {way: predicted[name, way] for way in WAYS},
            tokens[0] == tokens[1],
        )


def forced_texts(embedded: LoadedModel, large: LoadedModel, options: argparse.Namespace) -> list[Measured]:
    """Rewrite with both models, and continue with the large one, with and without a draft model."""
    files = [path for project in options.projects for path in sources(project)]
    texts = rewritings(embedded, files, options.cases // 2, options.seed)
    again = [
        replace(text, group=text.group.replace(embedded.name, large.name)) for text in texts[: -(-len(texts) // 2)]
    ]
    ends = continuations(large, files, options.cases // 4, options.seed)
    helped = [
        replace(replay, group=replay.group.replace("continuing", "continuing with a draft model")) for replay in ends
    ]
    repeats = min(options.repeats, 2)
    return [
        *forced_rows(embedded, texts, options.repeats),
        *forced_rows(large, [*again, *ends], repeats),
        *forced_rows(replace(large, draft=DraftModel(embedded.engine)), helped, repeats),
    ]


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
    main()
