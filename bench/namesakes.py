"""How often does an argument begin with another name than its parameter's, where a variable has that?

    python -m bench.namesakes --python ENVIRONMENT/bin/python --update-table

Looked at are arguments of calls in real functions that begin with a name, passed by position or by name, where a
variable has the name of the parameter that the next positional argument reaches.  What is used is the upper 95 % bound
(one-sided).  The evaluation packages stay out of it.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from analysis.analyzers.jedi.pool import JediPool
from analysis.facts import BaseDocument
from analysis.modes import settle_here
from analysis.python.scanner import scan_text
from analysis.store import FactStore
from bench.common import RESULTS, markdown, write_results
from bench.sites import EVALUATION, drawn_files, read_source
from bench.truth_forbid import HEADER, rate_of, table_row
from monitors import strength
from monitors.base import Lexed, Site
from monitors.calls import Calls
from monitors.strength import NAMESAKES_MEASURED, NAMESAKES_TABLE, stamp

NAME = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True)
class Place:
    """An argument in a real file.

    Attributes:
        group: The distribution.
        path: The file.
        root: Folder that its imports start from.
        above: Lines before.
        typed: The line up to the argument.
        truth: The name that the argument begins with.
        below: Lines behind; the rest of the line is left out.
    """

    group: str
    path: Path
    root: Path
    above: str
    typed: str
    truth: str
    below: str


@dataclass(frozen=True)
class Outcome:
    """What an author passed where a variable has the parameter's name.

    Attributes:
        group: The distribution.
        is_meant: What begins with that variable.
    """

    group: str
    is_meant: bool


def main(arguments: Sequence[str] | None = None) -> None:
    """Run from the command line."""
    options = parse(arguments)
    console = Console(stderr=True)
    code = stamp(NAMESAKES_MEASURED)
    places = list(chosen(options))
    store = FactStore(JediPool())
    try:
        shown = track(places, "arguments", console=console)
        found = [one for at in shown if (one := outcome(store, at, options.python)) is not None]
    finally:
        store.close()
    if stamp(NAMESAKES_MEASURED) != code:
        raise SystemExit("the code that was measured has changed meanwhile; run again")
    result: dict[str, Any] = {
        "stamp": code,
        "settings": {"files": options.files, "per_file": options.per_file, "seed": options.seed},
        "arguments": len(places),
        **summary(found),
    }
    write_results("namesakes", result, as_table(result), options.out)
    if options.update_table:
        table = {"stamp": code, **result["all together"]}
        NAMESAKES_TABLE.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    console.print(as_table(result), soft_wrap=True)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=sys.executable, help="interpreter that has the distributions installed")
    parser.add_argument("--files", type=int, default=20, help="files of each distribution")
    parser.add_argument("--per-file", type=int, default=6, help="arguments of each file that are looked at")
    parser.add_argument("--groups", nargs="*", help="distributions instead of the usual ones")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of namesakes.json and namesakes.md")
    parser.add_argument("--update-table", action="store_true", help=f"write {NAMESAKES_TABLE.name}")
    return parser.parse_args(arguments)


def chosen(options: argparse.Namespace) -> Iterator[Place]:
    """Yield the places, distribution after distribution."""
    for group, path, root, rng in drawn_files(options.python, options.groups, options.files, options.seed):
        mine = list(places_of(group, path, root))
        yield from rng.sample(mine, min(options.per_file, len(mine)))


def places_of(group: str, path: Path, root: Path) -> Iterator[Place]:
    """Yield the arguments within functions that begin with a name, behind positional ones; none if it is no Python."""
    text = read_source(path) or ""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return
    lines = text.split("\n")
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    calls = {call for function in functions for call in ast.walk(function) if isinstance(call, ast.Call)}
    for call in calls:
        arguments: tuple[ast.expr | ast.keyword, ...] = (*call.args, *call.keywords[:1])
        for argument in arguments:
            line = lines[argument.lineno - 1].encode()
            typed, rest = line[: argument.col_offset].decode(), line[argument.col_offset :].decode()
            name = NAME.match(rest)
            above = "".join(f"{one}\n" for one in lines[: argument.lineno - 1])
            below = "\n".join(lines[argument.lineno :])
            if name is not None:
                yield Place(group, path, root, above, typed, name[0], below)
            if isinstance(argument, ast.Starred):
                break


def outcome(store: FactStore, place: Place, python: str) -> Outcome | None:
    """Return whether the variable that is named like the parameter is passed; None where there is none."""
    document = BaseDocument(str(place.path), str(place.root), place.above, place.below, "", python)
    site = Site(document, scan_text(place.above).fresh(), place.typed.encode(), b"", b"", f"\n{place.below}".encode())
    calls, facts, text = Calls(site, strength.load()), store.source(document, "wait"), Lexed.of(site.start, site.typed)
    state = calls.step(calls.start(), text, facts.view())[1]
    settle_here(facts, calls.needs(state, text.after[-1]))
    name = calls.namesake(state, facts.view()).decode()
    return Outcome(place.group, name == place.truth) if name else None


def summary(found: Sequence[Outcome]) -> dict[str, Any]:
    """Return how often it was something else, in all and by distribution."""
    groups = {group: [one for one in found if one.group == group] for group in sorted({one.group for one in found})}
    mine = [one for one in found if one.group not in EVALUATION]
    return {"all together": rate(mine), "distributions": {group: rate(ones) for group, ones in groups.items()}}


def rate(found: Sequence[Outcome]) -> dict[str, Any]:
    """Return how often it was something else."""
    return asdict(rate_of(sum(not one.is_meant for one in found), len(found)))


def as_table(result: dict[str, Any]) -> str:
    """Return the result as Markdown."""
    rows = {"all but the evaluation packages": result["all together"], **result["distributions"]}
    header = ("distribution", "a variable has the parameter's name", "it is not meant", *HEADER[2:])
    return markdown(header, [table_row(name, row) for name, row in rows.items()])


if __name__ == "__main__":
    main()
