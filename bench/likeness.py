r"""How much likelier is a name that is used elsewhere as the one at the cursor is going to be?

    python -m bench.likeness --python ENVIRONMENT/bin/python --update-table

At attribute loads of real files whose line goes on with ``(``, ``[`` or ``.``, and where names are imported from a
module, the analysis lists names, the model weighs them (as for a popup), and the document puts some of them in the rows
of ``monitors.likeness``.  The weights
are those that make the truth likeliest where they are added to the model's log-probabilities: the conditional logit
(McFadden 1974), which is to say that names of each row are then the truth as often as they are expected to be.  What
is used is the end of the 95 % interval (one-sided) that is nearer to 0.  Hidden names get a weight of their own, so
that nobody else has to carry it; it is not used.

The same imports tell how often one ends while the code below needs more of the module, and how often it goes on when
that needs nothing more: behind each of its names.

The right-hand side of the table was not fitted: each distribution is judged by weights of the others.  The evaluation
packages stay out of the weights.
"""

from __future__ import annotations

import argparse
import ast
import asyncio
import json
import sys
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import track

from analysis.analyzers.jedi.pool import JediPool
from analysis.store import FactStore
from bench.common import RESULTS, interval, markdown, percent, write_results
from bench.sites import EVALUATION, drawn_files, read_source
from bench.truth_forbid import HEADER, rate_of, table_row
from completion.service import CompletionService
from completion.types import CancelToken, CompletionRequest, Document
from models.checkpoints import load
from monitors.imports import EXPORTS
from monitors.likeness import ENDED, OPENERS, ROWS, WENT_ON, needed, rows_around, rows_of_needed
from monitors.questions import KIND as ATTRIBUTES
from monitors.ranks import HIDDEN
from monitors.strength import LIKENESS_MEASURED, LIKENESS_TABLE, stamp

Floats = npt.NDArray[np.floating[Any]]

KINDS = (ATTRIBUTES, EXPORTS)
COLUMNS = (*ROWS, HIDDEN)

NOT_USED = (HIDDEN,)

# Of the standard normal distribution: 95 % lie below.
ONE_SIDED = 1.645

# Keeps a row that is never true, or always, from running away: a normal prior with this precision.
PRIOR = 0.25
STEPS = 30


@dataclass(frozen=True)
class Place:
    """A name in a real file.

    Attributes:
        kind: What it is, an attribute or something imported: kind of the question.
        group: The distribution.
        path: The file.
        root: Folder that its imports start from.
        prefix: Text up to the name.
        truth: The name.
        suffix: Text behind it.
        taken: All names that the statement imports, the truth first; none of an attribute.
    """

    kind: str
    group: str
    path: Path
    root: Path
    prefix: str
    truth: str
    suffix: str
    taken: tuple[str, ...] = ()


@dataclass(frozen=True)
class Weighed:
    """The names that may stand at a place.

    Attributes:
        kind: Kind of the question.
        group: The distribution.
        file: The file.
        scores: The model's log-probabilities, ``[names]``.
        rows: Which of ``COLUMNS`` each belongs to, ``[names, columns]``, 0 or 1.
        truth: Index of the true name.
        ends: Of each name that the statement imports: whether more was lacking behind it, and whether more came.
    """

    kind: str
    group: str
    file: str
    scores: Floats
    rows: Floats
    truth: int
    ends: tuple[tuple[bool, bool], ...] = ()

    def shares(self, weights: Floats) -> Floats:
        """Return the probability of each name with weights added, ``[names]``."""
        sums = self.scores + self.rows @ weights
        shares: Floats = np.exp(sums - sums.max())
        shares /= shares.sum()
        return shares

    def is_first(self, weights: Floats) -> bool:
        """Whether the true name is the likeliest one with weights added."""
        return int((self.scores + self.rows @ weights).argmax()) == self.truth


def main(arguments: Sequence[str] | None = None) -> None:
    """Run from the command line."""
    options = parse(arguments)
    console = Console(stderr=True)
    code = stamp(LIKENESS_MEASURED)
    places = list(chosen(options))
    model = load(options.model)
    service = CompletionService(model, FactStore(JediPool()))
    try:
        shown = track(places, "names", console=console)
        found = [one for where in shown if (one := asyncio.run(weighed(service, where, options.python))) is not None]
    finally:
        service.close()
    if stamp(LIKENESS_MEASURED) != code:
        raise SystemExit("the code that was measured has changed meanwhile; run again")
    settings = {"files": options.files, "per_file": options.per_file, "seed": options.seed}
    result: dict[str, Any] = {
        "stamp": code,
        "settings": settings,
        "model": {"name": model.name, "dtype": model.dtype},
        "names": len(places),
        **summary(found),
    }
    write_results("likeness", result, as_tables(result), options.out)
    if options.update_table:
        table = {name: result[name] for name in ("stamp", "model", "sites", "rows", "ends")}
        LIKENESS_TABLE.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    console.print(as_tables(result), soft_wrap=True)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=sys.executable, help="interpreter that has the distributions installed")
    parser.add_argument("--model", help="checkpoint folder; default the embedded model")
    parser.add_argument("--files", type=int, default=20, help="files of each distribution")
    parser.add_argument("--per-file", type=int, default=2, help="names of each file and kind")
    parser.add_argument("--groups", nargs="*", help="distributions instead of the usual ones")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of likeness.json and likeness.md")
    parser.add_argument("--update-table", action="store_true", help=f"write {LIKENESS_TABLE.name}")
    return parser.parse_args(arguments)


def chosen(options: argparse.Namespace) -> Iterator[Place]:
    """Yield the places, distribution after distribution."""
    for group, path, root, rng in drawn_files(options.python, options.groups, options.files, options.seed):
        found = list(places_of(group, path, root))
        for kind in KINDS:
            mine = [place for place in found if place.kind == kind]
            yield from rng.sample(mine, min(options.per_file, len(mine)))


def places_of(group: str, path: Path, root: Path) -> Iterator[Place]:
    """Yield loads behind which something stands that belongs to the name, and imports; none if it is no Python."""
    text = read_source(path) or ""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return
    lines = text.split("\n")

    def place(kind: str, number: int, before: bytes, truth: str, rest: bytes, taken: Sequence[str] = ()) -> Place:
        prefix = "".join(f"{above}\n" for above in lines[: number - 1]) + before.decode()
        return Place(kind, group, path, root, prefix, truth, "\n".join((rest.decode(), *lines[number:])), tuple(taken))

    for node in ast.walk(tree):
        number, end = getattr(node, "end_lineno", 0), getattr(node, "end_col_offset", 0)
        line = lines[number - 1].encode()
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            before = line[:end].removesuffix(node.attr.encode())
            if before.endswith(b".") and line[end:].decode().startswith(OPENERS):
                yield place(ATTRIBUTES, number, before, node.attr, line[end:])
        elif isinstance(node, ast.ImportFrom) and node.lineno == number and node.names[0].name != "*":
            first = node.names[0]
            if first.lineno == number and line[: first.col_offset].endswith(b"import "):
                taken = [alias.name for alias in node.names]
                yield place(EXPORTS, number, line[: first.col_offset], first.name, b"", taken)


async def weighed(service: CompletionService, place: Place, python: str) -> Weighed | None:
    """Return what may stand at a place; None if the truth is not listed, or the model does not think of it."""
    request = CompletionRequest(
        document=Document(str(place.path), place.prefix + place.suffix),
        offset=len(place.prefix),
        workspace=str(place.root),
        environment=python,
        facts="wait",
    )
    listing = await service.names(request, CancelToken())
    scores = dict(zip(listing.names, await service.likelihoods(request, listing.names, CancelToken()), strict=False))
    known = {name: score for name, score in scores.items() if score is not None}
    if listing.kind != place.kind or place.truth not in known:
        return None
    uses, hidden = uses_at(place, frozenset(listing.names)), frozenset(listing.names[listing.plain :])
    rows = [[uses.get(name) == row for row in ROWS] + [name in hidden] for name in known]
    truth, numbers = list(known).index(place.truth), np.array(rows, dtype=np.float64)
    ends = tuple(ends_of(place.taken, uses.keys() & frozenset(listing.names[: listing.plain])))
    return Weighed(place.kind, place.group, str(place.path), np.array(list(known.values())), numbers, truth, ends)


def ends_of(taken: Sequence[str], wanted: Set[str]) -> Iterator[tuple[bool, bool]]:
    """Yield behind each name of an import whether more is wanted, and whether more comes.

    >>> list(ends_of(["a", "b"], {"a", "b", "c"}))
    [(True, True), (True, False)]
    """
    for end in range(1, len(taken) + 1):
        yield not wanted <= set(taken[:end]), end < len(taken)


def uses_at(place: Place, names: Set[str]) -> Mapping[str, str]:
    """Return the row of each of the names that may stand there of which the document says something."""
    above, _, _ = place.prefix.rpartition("\n")
    remainder, _, below = place.suffix.partition("\n")
    if place.kind == EXPORTS:
        return rows_of_needed(needed(f"{above}\n", below) & names)
    return rows_around(f"{above}\n", below, remainder)


def summary(found: Sequence[Weighed]) -> dict[str, Any]:
    """Fit, and judge the fit by distributions that it has not seen."""
    mine = [one for one in found if one.group not in EVALUATION]
    weights, errors = fitted(mine)
    listed = sum((one.rows.sum(axis=0) for one in mine), np.zeros(len(COLUMNS)))
    meant = sum((one.rows[one.truth] for one in mine), np.zeros(len(COLUMNS)))
    expected = sum((one.shares(np.zeros(len(COLUMNS))) @ one.rows for one in mine), np.zeros(len(COLUMNS)))
    columns = {
        name: {
            "listed": int(listed[i]),
            "meant": int(meant[i]),
            "expected": round(float(expected[i]), 2),
            "value": round(float(weights[i]), 4),
            "error": round(float(errors[i]), 4),
            "weight": round(nearer_to_zero(float(weights[i]), float(errors[i])), 4),
        }
        for i, name in enumerate(COLUMNS)
    }
    ends = [end for one in mine for end in one.ends]
    groups = sorted({one.group for one in found})
    unseen = {group: fitted([one for one in mine if one.group != group])[0] for group in groups}
    return {
        "sites": len(mine),
        "rows": {name: columns[name] for name in ROWS if name not in NOT_USED},
        "ends": {
            ENDED: asdict(rate_of(ends.count((True, False)), ends.count((True, False)) + ends.count((True, True)))),
            WENT_ON: asdict(rate_of(ends.count((False, True)), ends.count((False, True)) + ends.count((False, False)))),
        },
        "not_used": {name: columns[name] for name in NOT_USED},
        "judged": {
            kind: {
                "all together": judged([one for one in mine if one.kind == kind], unseen),
                "evaluation packages": judged(
                    [one for one in found if one.kind == kind and one.group in EVALUATION], unseen
                ),
                **{g: judged([one for one in found if one.kind == kind and one.group == g], unseen) for g in groups},
            }
            for kind in KINDS
        },
    }


def judged(found: Sequence[Weighed], weights: Mapping[str, Floats]) -> dict[str, Any]:
    """Return how often the true name is the likeliest one: by the model with hidden names weighed, and with all."""
    only_hidden = np.array([name == HIDDEN for name in COLUMNS], dtype=np.float64)
    without = [float(one.is_first(weights[one.group] * only_hidden)) for one in found]
    with_uses = [float(one.is_first(weights[one.group])) for one in found]
    files = [one.file for one in found]
    if not found:
        return {"number": 0}
    differences = [after - before for before, after in zip(without, with_uses, strict=True)]
    return {
        "number": len(found),
        "without": interval(without, files),
        "with": interval(with_uses, files),
        "difference": interval(differences, files),
    }


def fitted(found: Sequence[Weighed]) -> tuple[Floats, Floats]:
    """Return the weights that make the truth likeliest, with their standard errors, ``[columns]`` (Newton's method)."""
    weights = np.zeros(len(COLUMNS))
    for _ in range(STEPS):
        gradient, curvature = slope(found, weights)
        step = np.linalg.solve(curvature, gradient)
        while likelihood(found, weights + step) < likelihood(found, weights) and np.abs(step).max() > 1e-6:
            step /= 2
        weights = weights + step
        if np.abs(step).max() < 1e-4:
            break
    return weights, np.sqrt(np.diag(np.linalg.inv(slope(found, weights)[1])))


def likelihood(found: Sequence[Weighed], weights: Floats) -> float:
    """Return the logarithm of how likely all truths are, prior included."""
    shares = (one.shares(weights)[one.truth] for one in found)
    return float(sum(np.log(max(share, 1e-300)) for share in shares) - PRIOR * (weights @ weights) / 2)


def slope(found: Sequence[Weighed], weights: Floats) -> tuple[Floats, Floats]:
    """Return the gradient of ``likelihood`` and its negative second derivative."""
    gradient, curvature = -PRIOR * weights, PRIOR * np.eye(len(weights))
    for one in found:
        shares = one.shares(weights)
        mean = shares @ one.rows
        gradient = gradient + one.rows[one.truth] - mean
        curvature = curvature + (one.rows * shares[:, None]).T @ one.rows - np.outer(mean, mean)
    return gradient, curvature


def nearer_to_zero(value: float, error: float) -> float:
    """Return the end of the one-sided 95 % interval on the side of 0; 0 if that lies beyond.

    >>> nearer_to_zero(-3.0, 1.0), nearer_to_zero(1.0, 1.0)
    (-1.355, 0.0)
    """
    room = max(0.0, abs(value) - ONE_SIDED * error)
    return room if value > 0 else -room if room else 0.0


def as_tables(result: Mapping[str, Any]) -> str:
    """Return the result as Markdown."""
    rows = [
        (
            name,
            *(row[key] for key in ("listed", "meant")),
            f"{row['expected']:.1f}",
            f"{row['value']:+.2f} ± {row['error']:.2f}",
            f"{row['weight']:+.2f}" if name in result["rows"] else "not used",
        )
        for name, row in {**result["rows"], **result["not_used"]}.items()
    ]
    header = ("names that are", "listed", "the truth", "by the model alone", "weight, nats", "used")
    parts = (
        markdown(header, rows),
        markdown(("imports that", *HEADER), [table_row(name, row) for name, row in result["ends"].items()]),
        "The true name is the likeliest of those that are listed, by weights of the other distributions:",
        markdown(
            ("names", "distribution", "number", "without", "with", "paired change (95 %)"),
            [
                (kind, name, row["number"], *(percent(row[key]) for key in ("without", "with", "difference")))
                for kind, named in result["judged"].items()
                for name, row in named.items()
                if row["number"]
            ],
        ),
    )
    return "\n\n".join(parts)


if __name__ == "__main__":
    main()
