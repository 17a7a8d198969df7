r"""How far down in the popup list the name stands that was meant.

    python -m bench.popup --cases CASES.jsonl.gz --python INTERPRETER

At attribute loads and imports of real packages (``bench.cases``) the analysis lists names, and the list is put into
four orders: the alphabet's, as servers without a model do it; the cheap one, by what the document shows of the names;
the model's; and that of the popup, which is the model's with what an import cannot do without first.  Counted are the
cases whose true name is listed: in what place it stands when nothing of it is typed, and after the first letter.
Differences are paired; intervals are bootstrapped over files.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from analysis.analyzers.jedi.pool import JediPool
from analysis.store import FactStore
from bench.cases import Case, first_name, read_cases, request_of, sample, site_packages
from bench.common import RESULTS, interval, markdown, write_results
from completion.service import CompletionService
from completion.types import CancelToken
from lsp_server.names import NamesAt, fits
from lsp_server.ongoing import Ongoing
from lsp_server.suggestions import place_of
from models.checkpoints import load

KINDS = ("deref", "import")
ORDERS = {"alphabet": "alphabetical", "cheap": "the document's", "model": "the model's", "popup": "both"}
LETTERS = (0, 1)
SHOWN = 5


@dataclass(frozen=True)
class Places:
    """Where the true name of a case stands, from 1.

    Attributes:
        path: The case's file.
        kind: Its kind.
        names: How many names are listed.
        ranks: By order and number of letters typed.
        passes: Forward passes, prompt aside.
        seconds: From the list of names to their order.
    """

    path: str
    kind: str
    names: int
    ranks: Mapping[tuple[str, int], int]
    passes: int
    seconds: float


def main(arguments: Sequence[str] | None = None) -> None:
    """Run from the command line."""
    options = parse(arguments)
    console = Console(stderr=True)
    cases = sample(read_cases(options.cases), KINDS, options.per_kind, options.seed)
    packages = site_packages(options.python)
    model = load(options.model)
    passes: list[int] = []
    service = CompletionService(
        model, FactStore(JediPool()), on_step=lambda n_tokens, seconds, expected: passes.append(n_tokens)
    )
    try:
        found = [
            asyncio.run(places(service, case, packages, options.python, passes))
            for case in track(cases, "listing", console=console)
        ]
    finally:
        service.close()
    numbers = {
        "model": {"name": model.name, "dtype": model.dtype},
        "per_kind": options.per_kind,
        "seed": options.seed,
        "kinds": {
            kind: summary([(c, p) for c, p in zip(cases, found, strict=True) if c["kind"] == kind]) for kind in KINDS
        },
    }
    table = as_table(numbers)
    write_results("popup", numbers, table, options.out)
    console.print(table, soft_wrap=True)


async def places(
    service: CompletionService, case: Case, packages: Path, python: str, passes: list[int]
) -> Places | None:
    """Return where a case's true name stands; None if it is not listed."""
    request, truth = request_of(case, packages, python, None, tokens=64), first_name(case["truth"])
    known, alone = (NamesAt(0, place_of(request, 0), service, request, Ongoing()) for _ in range(2))
    known.listing = listing = await service.names(request, CancelToken())
    alone.listing = replace(listing, needed=0)
    names, plain = listing.names, listing.plain
    if truth not in names:
        return None
    passes.clear()
    begun = time.perf_counter()
    await known.learn("", math.inf)
    seconds, done = time.perf_counter() - begun, len(passes)
    alphabet = (*sorted(names[:plain], key=str.lower), *sorted(names[plain:]))
    ranks: dict[tuple[str, int], int] = {}
    for letters in LETTERS:
        beginning = truth[:letters]
        await known.learn(beginning, math.inf)
        await alone.learn(beginning, math.inf)
        by_model = {"model": alone.choice(beginning).names, "popup": known.choice(beginning).names}
        orders = {"alphabet": alphabet, "cheap": names, **by_model}
        for order, ordered in orders.items():
            ranks[order, letters] = 1 + [name for name in ordered if fits(name, beginning)].index(truth)
    return Places(case["path"], case["kind"], len(names), ranks, done, seconds)


def summary(found: Sequence[tuple[Case, Places | None]]) -> dict[str, Any]:
    """Compare the orders over the cases of one kind."""
    listed = [places for _, places in found if places is not None]
    files = [places.path for places in listed]
    return {
        "cases": len(found),
        "listed": len(listed),
        "names": statistics.median(places.names for places in listed),
        "passes": max(places.passes for places in listed),
        "ms": {share: round(1000 * quantile([places.seconds for places in listed], share), 1) for share in (0.5, 0.95)},
        "orders": {
            order: {
                str(letters): {
                    "first": share(listed, order, letters, 1),
                    "shown": share(listed, order, letters, SHOWN),
                }
                for letters in LETTERS
            }
            for order in ORDERS
        },
        "first_more": {
            str(letters): interval(
                [(places.ranks["popup", letters] == 1) - (places.ranks["alphabet", letters] == 1) for places in listed],
                files,
            )
            for letters in LETTERS
        },
    }


def share(listed: Sequence[Places], order: str, letters: int, most: int) -> float:
    """Return the share of cases whose name is among the first ``most``."""
    return round(statistics.fmean(places.ranks[order, letters] <= most for places in listed), 4)


def quantile(values: Sequence[float], part: float) -> float:
    """Return a quantile, the nearest value below."""
    return sorted(values)[int(part * (len(values) - 1))]


def as_table(numbers: Mapping[str, Any]) -> str:
    """Return the result as Markdown."""
    rows = [
        (
            kind,
            words,
            *(
                f"{100 * found['orders'][order][str(letters)][which]:.1f} %"
                for letters in LETTERS
                for which in ("first", "shown")
            ),
        )
        for kind, found in numbers["kinds"].items()
        for order, words in ORDERS.items()
    ]
    header = ("at", "order", "first", f"in the first {SHOWN}", "first after a letter", f"in the first {SHOWN} after it")
    notes = [
        f"{kind}: {found['cases']} cases, the true name listed in {found['listed']}; {found['names']:g} names a list"
        f" (median), at most {found['passes']} forward passes; the popup's first name is the true one more often than"
        f" the alphabet's by {100 * found['first_more']['0'][0]:.1f} points"
        f" ({100 * found['first_more']['0'][1]:.1f} to {100 * found['first_more']['0'][2]:.1f})."
        for kind, found in numbers["kinds"].items()
    ]
    return "\n\n".join((markdown(header, rows), *notes))


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=Path, required=True, help="case file")
    parser.add_argument("--python", required=True, help="interpreter that has the packages of the cases")
    parser.add_argument("--model", help="checkpoint; the embedded model if not given")
    parser.add_argument("--per-kind", type=int, default=300)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path, default=RESULTS)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
