"""How often do the monitors forbid what the author really wrote?

Lines of real files are taken out and written again, byte by byte, under the monitors' eyes, with
all facts waited for.  (Penalties add up over any split of the text, so bytes stand for every
tokenizer; ``tests/monitors`` checks that law.)  Each judgement of a monitor that rests on facts is
counted under the class of its fact; the upper bounds of the rates are the penalties that the
monitors use (``--update-table``).  A sound monitor must not forbid the truth anywhere.

The evaluation packages are reported as rows of their own and stay out of the penalties.

    python -m bench.truth_forbid --python ENVIRONMENT/bin/python --files 60 --update-table
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from analysis.analyzers.jedi.pool import JediPool
from analysis.facts import UNRESOLVED
from analysis.store import FactStore
from bench.common import RESULTS, markdown, write_results
from bench.replay import Outcome, replay, site_of
from bench.sites import EVALUATION, STANDARD_LIBRARY, TABLE_DISTRIBUTIONS, Line, packages_of, sampled_lines
from bench.sound import check_library
from monitors.listed import UNKNOWN
from monitors.strength import ROWS, TABLE, Rate, at_most, shipped, stamp, upper_bound

# Below this the table no longer fits; lines of one file are not independent, so it is small.
CHANCE = 1e-4

# Places tried in each file by the sound monitors.
CUTS = 4

NO_FACT = (UNKNOWN, UNRESOLVED)
HEADER = ("judged", "truth not listed", "rate", "upper 95 % bound")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; 1 if a sound monitor forbade the truth, or facts err more than the table says."""
    options = parse(arguments)
    console = Console(stderr=True)
    code = stamp()
    with console.status("sound monitors on the standard library"):
        cuts, refusals = check_library(options.sound_files, CUTS, options.seed)
    started = time.monotonic()
    lines = list(chosen_lines(options))
    outcomes = measure(lines, options.python, options.workers, console)
    if stamp() != code:
        raise SystemExit("the code that was measured has changed meanwhile; run again")
    result: dict[str, Any] = {
        "stamp": code,
        "settings": {"files": options.files, "per_file": options.per_file, "seed": options.seed},
        "sound": {"cuts": cuts, "forbidden": [asdict(refusal) for refusal in refusals]},
        "lines": len(lines),
        "seconds": round(time.monotonic() - started),
        **summary(outcomes),
    }
    write_results("truth_forbid", result, tables(result), options.out)
    if options.update_table:
        write_strengths(TABLE, result)
    console.print(tables(result), soft_wrap=True)
    if options.misses:
        console.print(*(o for o in outcomes if lacking(o) and o.group not in EVALUATION), sep="\n", soft_wrap=True)
    worse = {} if options.update_table else exceeded(result["classes"], shipped())
    for name, row in worse.items():
        console.print(f"worse than {TABLE.name} says: {name}, {row['forbidden']} of {row['sites']}", soft_wrap=True)
    return 1 if refusals or worse else 0


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=sys.executable, help="interpreter that has the distributions installed")
    parser.add_argument("--files", type=int, default=20, help="files of each distribution")
    parser.add_argument("--sound-files", type=int, default=200, help="files of the standard library for sound monitors")
    parser.add_argument("--per-file", type=int, default=1, help="lines of each file for each query")
    parser.add_argument("--groups", nargs="*", help="distributions instead of the usual ones")
    parser.add_argument("--workers", type=int, default=2, help="jedi processes")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of truth_forbid.json and truth_forbid.md")
    parser.add_argument("--misses", action="store_true", help="show the true names that facts lacked")
    parser.add_argument("--update-table", action="store_true", help=f"write {TABLE.name}")
    return parser.parse_args(arguments)


def chosen_lines(options: argparse.Namespace) -> Iterable[Line]:
    """Yield the lines to replay, distribution after distribution."""
    packages = packages_of(options.python)
    for group in options.groups or (STANDARD_LIBRARY, *TABLE_DISTRIBUTIONS, *sorted(EVALUATION)):
        yield from sampled_lines(group, packages, options.files, options.per_file, options.seed)


def measure(lines: Sequence[Line], python: str, workers: int, console: Console) -> list[Outcome]:
    """Replay all lines, several at a time."""
    store = FactStore(JediPool(workers))
    try:
        with ThreadPoolExecutor(workers) as executor:
            replayed = executor.map(partial(_replay, store=store, python=python), lines)
            shown = track(replayed, "lines", total=len(lines), console=console)
            return [outcome for outcomes in shown for outcome in outcomes]
    finally:
        store.close()


def _replay(line: Line, store: FactStore, python: str) -> list[Outcome]:
    site = site_of(line, python)
    return list(replay(line, site, store.source(site.document, "wait")))


def summary(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return what was counted; evaluation packages stand in ``groups`` only."""
    groups = sorted({outcome.group for outcome in outcomes})
    mine = [outcome for outcome in outcomes if outcome.group not in EVALUATION]
    return {
        "classes": {name: asdict(rate) for name, rate in classes(mine).items()},
        "facts": {fact: asdict(rate) for fact, rate in facts(mine).items()},
        "groups": {g: group_row([o for o in outcomes if o.group == g]) for g in groups},
    }


def classes(outcomes: Sequence[Outcome]) -> dict[str, Rate]:
    """Return the rows of the penalty table."""
    sites = Counter(outcome.fact for outcome in outcomes if has_fact(outcome))
    charged = Counter((outcome.fact, outcome.row) for outcome in outcomes)
    rows = ((fact, row) for fact in sorted(sites) for row in ROWS[fact.partition(".")[0]])
    return {f"{fact}.{row}": rate_of(charged[fact, row], sites[fact]) for fact, row in rows}


def exceeded(classes: Mapping[str, Mapping[str, Any]], table: Mapping[str, Rate]) -> dict[str, Mapping[str, Any]]:
    """Return the classes that lacked the truth more often than their bound in ``table`` makes believable."""
    return {
        name: row
        for name, row in classes.items()
        if name in table and 1 - at_most(row["forbidden"] - 1, row["sites"], table[name].bound) < CHANCE
    }


def facts(outcomes: Sequence[Outcome]) -> dict[str, Rate]:
    """Return the rates by class of fact; those without a fact too, where nothing can be forbidden."""
    found = sorted({outcome.fact for outcome in outcomes})
    chosen = {fact: [o for o in outcomes if o.fact == fact] for fact in found}
    return {fact: rate_of(sum(map(lacking, judged)), len(judged)) for fact, judged in chosen.items()}


def group_row(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return what one distribution gave."""
    covered = [outcome for outcome in outcomes if has_fact(outcome)]
    return {"judged": len(outcomes), **asdict(rate_of(sum(map(lacking, covered)), len(covered)))}


def has_fact(outcome: Outcome) -> bool:
    """Whether there was a fact to judge by."""
    return outcome.fact.partition(".")[2] not in NO_FACT


def lacking(outcome: Outcome) -> bool:
    """Whether the fact lacked what the author wrote; what is hidden is listed."""
    return outcome.row not in ("", "hidden")


def rate_of(forbidden: int, sites: int) -> Rate:
    """Return a rate with its bound, rounded up in the fifth digit."""
    return Rate(sites, forbidden, round(min(1.0, upper_bound(forbidden, sites) + 5e-6), 5))


def tables(result: dict[str, Any]) -> str:
    """Return the result as Markdown."""
    sound = result["sound"]
    parts = [f"Sound monitors forbade the truth at {len(sound['forbidden'])} of {sound['cuts']} cuts."]
    parts += [
        f"`{refusal['monitor']}` at {refusal['where']}, {refusal['at']} bytes on." for refusal in sound["forbidden"]
    ]
    for title, rows in (("fact", result["facts"]), ("class", result["classes"]), ("distribution", result["groups"])):
        parts.append(markdown((title, *HEADER), [table_row(name, row) for name, row in rows.items()]))
    return "\n\n".join(parts)


def table_row(name: str, row: dict[str, Any]) -> tuple[object, ...]:
    """Return one line of a table."""
    sites, forbidden = row["sites"], row["forbidden"]
    return name, sites, forbidden, f"{forbidden / max(1, sites):.2%}", f"{row['bound']:.2%}"


def write_strengths(table: Path, result: Mapping[str, Any]) -> None:
    """Make what was measured the penalties that monitors use."""
    found = {"stamp": result["stamp"], "classes": result["classes"]}
    table.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
