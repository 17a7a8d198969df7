"""How often does a language server lack what the author really wrote, and how fast is it?

Members that its lists lack, and calls that its signatures do not fit.  As ``bench.truth_forbid``, in languages other
than Python: lines of real files are taken out and written again, byte by byte, under the eyes of the monitors that rest
on facts, with all facts waited for.  The upper bounds of the rates are the penalties that the monitors use
(``--update-table``).

    python -m bench.server_projects FOLDER
    python -m bench.truth_forbid_servers FOLDER --update-table
"""

from __future__ import annotations

import argparse
import math
import random
import re
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from analysis.analyzers.language_servers.pool import LanguageServers
from analysis.facts import BaseDocument, Fact, FactKey, FactSource
from analysis.languages import language_of
from analysis.lexing import LexicalState, scan
from analysis.modes import settle_here
from analysis.store import Analyzer, Deliver, FactStore
from bench.common import RESULTS, markdown, write_results
from bench.replay import Outcome, replay
from bench.server_projects import Project, projects
from bench.sites import LARGEST, SMALLEST, Line, cut, read_source
from bench.truth_forbid import (
    HEADER,
    classes,
    exceeded,
    facts,
    group_row,
    has_fact,
    lacking,
    table_row,
    write_strengths,
)
from completion.analysis import languages_folder
from monitors.base import Site
from monitors.strength import MEASURED_WITH_SERVERS, SERVERS_TABLE, shipped, stamp

WORTH_TRYING = re.compile(r"[\w)\]](?:(?:\.|\?\.|->|::)[^\W\d]|\()")
"""Lines worth trying; the monitors decide what is code."""

QUERIES = ("members", "arity")
"""What is measured, by the name of its classes."""

COMMENT = re.compile(r"\s*(?://|\*|/\*|#)")

# A server may read a large project before it answers.
PATIENCE_S = 300.0


class Timed:
    """An analyzer that notes how long another takes; an ``analysis.store.Analyzer``.

    Attributes:
        seconds: Time from question to answer, of each question that was answered.
    """

    def __init__(self, analyzer: Analyzer) -> None:
        """Watch ``analyzer``."""
        self._analyzer = analyzer
        self.seconds: list[float] = []

    def submit(self, document: BaseDocument, key: FactKey, deliver: Deliver) -> None:
        """Have a question answered; see ``analysis.store.Analyzer``."""
        started = time.monotonic()

        def note(fact: Fact | None) -> None:
            if fact is not None:
                self.seconds.append(time.monotonic() - started)
            deliver(fact)

        self._analyzer.submit(document, key, note)

    def drop(self, document: str) -> None:
        """See ``analysis.store.Analyzer``."""
        self._analyzer.drop(document)

    def trouble(self, document: BaseDocument) -> str:
        """See ``analysis.store.Analyzer``."""
        return self._analyzer.trouble(document)

    def troubles(self) -> tuple[str, ...]:
        """See ``analysis.store.Analyzer``."""
        return self._analyzer.troubles()

    def close(self) -> None:
        """See ``analysis.store.Analyzer``."""
        self._analyzer.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; 1 if facts err more than the table says."""
    options = parse(arguments)
    console = Console(stderr=True)
    code = stamp(MEASURED_WITH_SERVERS)
    outcomes: list[Outcome] = []
    speeds = {}
    chosen = [
        project
        for project in projects(options.folder)
        if project.language in (options.languages or (project.language,))
    ]
    for language in dict.fromkeys(project.language for project in chosen):
        mine = [project for project in chosen if project.language == language]
        found, seconds = measure(mine, options, console)
        outcomes += found
        speeds[language] = speed(seconds)
    if options.update_table and stamp(MEASURED_WITH_SERVERS) != code:
        raise SystemExit("the code that was measured has changed meanwhile; run again")
    result: dict[str, Any] = {
        "stamp": code,
        "settings": {"sites": options.sites, "per_file": options.per_file, "seed": options.seed},
        "speed": speeds,
        "classes": {name: asdict(rate) for name, rate in classes(outcomes).items()},
        "facts": {name: asdict(rate) for name, rate in facts(outcomes).items()},
        "groups": {g: group_row([o for o in outcomes if o.group == g]) for g in sorted({o.group for o in outcomes})},
    }
    write_results("truth_forbid_servers", result, tables(result), options.out)
    if options.update_table:
        write_strengths(SERVERS_TABLE, result)
    console.print(tables(result), soft_wrap=True)
    if options.misses:
        console.print(*filter(lacking, outcomes), sep="\n", soft_wrap=True)
    worse = {} if options.update_table else exceeded(result["classes"], shipped())
    for name, row in worse.items():
        console.print(
            f"worse than {SERVERS_TABLE.name} says: {name}, {row['forbidden']} of {row['sites']}", soft_wrap=True
        )
    return 1 if worse else 0


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where bench.server_projects has put the projects")
    parser.add_argument("--languages", nargs="*", help="these only")
    parser.add_argument("--servers", type=Path, default=languages_folder(), help="where the servers are installed")
    parser.add_argument("--sites", type=int, default=330, help="of each kind with a fact in each language, about")
    parser.add_argument("--per-file", type=int, default=6, help="lines of each file, at most")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the results")
    parser.add_argument("--misses", action="store_true", help="show the true names that facts lacked")
    parser.add_argument("--update-table", action="store_true", help=f"write {SERVERS_TABLE.name}")
    return parser.parse_args(arguments)


def measure(
    mine: Sequence[Project], options: argparse.Namespace, console: Console
) -> tuple[list[Outcome], list[float]]:
    """Replay lines of a language's projects; return what came of them, and the seconds of each answer."""
    outcomes: list[Outcome] = []
    seconds: list[float] = []
    for project in track(mine, mine[0].language, console=console):
        timed = Timed(LanguageServers(options.servers.resolve()))
        store = FactStore(timed)
        wanted = math.ceil(options.sites / len(mine))
        found: list[Outcome] = []
        try:
            for line in lines_of(project, options.per_file, options.seed):
                site = site_of(line)
                if not found:
                    warm_up(store, site.document)
                    timed.seconds.clear()
                found += replay(line, site, store.source(site.document, "wait"))
                if is_enough(found, wanted):
                    break
        finally:
            store.close()
        outcomes += found
        seconds += timed.seconds
    return outcomes, seconds


def is_enough(found: Sequence[Outcome], wanted: int) -> bool:
    """Whether so many outcomes of each query rest on a fact."""
    counts = Counter(outcome.fact.partition(".")[0] for outcome in found if has_fact(outcome))
    return all(counts[query] >= wanted for query in QUERIES)


def lines_of(project: Project, per_file: int, seed: int) -> Iterator[Line]:
    """Yield lines with members or calls, of files in random order."""
    rng = random.Random(f"{seed} {project.name}")
    paths = sorted(path for path in project.sources.rglob("*") if path.suffix in project.suffixes)
    rng.shuffle(paths)
    for path in paths:
        text = read_source(path) if path.is_file() and SMALLEST <= path.stat().st_size <= LARGEST else None
        lines = (text or "").split("\n")
        numbers = [n for n, line in enumerate(lines, 1) if WORTH_TRYING.search(line) and not COMMENT.match(line)]
        for number in sorted(rng.sample(numbers, min(per_file, len(numbers)))):
            yield cut(f"{project.language}: {project.name}", path, project.root, lines, number)


def site_of(line: Line) -> Site[LexicalState]:
    """Return the request that an editor would make with the cursor behind the line's indentation."""
    indent = line.text[: len(line.text) - len(line.text.lstrip(" \t"))]
    language = language_of("", str(line.path))
    document = BaseDocument(
        str(line.path), str(line.root), line.prefix, line.suffix, indent, language=language.id, trusted=True
    )
    start = scan(line.prefix, language).fresh()
    return Site(document, start, indent.encode(), b"", b"", ("\n" + line.suffix).encode())


def warm_up(store: FactStore, document: BaseDocument) -> None:
    """Wait until the server has read the project.

    Raises:
        SystemExit: There is no server.
    """
    deadline = time.monotonic() + PATIENCE_S
    source: FactSource = store.source(document, "wait")
    key = FactKey("members", document.digest, "x.")
    settle_here(source, (key,))
    while why := store.trouble(document):
        if time.monotonic() > deadline:
            raise SystemExit(why)
        time.sleep(0.5)
        store.register(document)
        store.ask((key,))


def speed(seconds: Sequence[float]) -> dict[str, float]:
    """Return how long answers take, ms."""
    cuts = statistics.quantiles(seconds, n=100, method="inclusive") if len(seconds) > 1 else [0.0] * 99
    return {"answers": len(seconds), **{f"p{n}_ms": round(1000 * cuts[n - 1], 1) for n in (50, 90, 99)}}


def tables(result: dict[str, Any]) -> str:
    """Return the result as Markdown."""
    quick = [(name, *row.values()) for name, row in result["speed"].items()]
    parts = [markdown(("language", "answers", "p50 ms", "p90 ms", "p99 ms"), quick)]
    for title in ("facts", "classes", "groups"):
        parts.append(markdown((title, *HEADER), [table_row(name, row) for name, row in result[title].items()]))
    return "\n\n".join(parts)


if __name__ == "__main__":
    sys.exit(main())
