"""From single requests to ratios with intervals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any, NamedTuple

import numpy as np

from bench.chart import Bar
from bench.common import markdown
from bench.peers.peer import Written
from bench.peers.prompts import Keystroke
from bench.peers.stages import DRAFTED, OURS, PLAIN

DRAWS, SEED = 2000, 7

Stages = Mapping[str, Mapping[str, Mapping[str, Any]]]


class Row(NamedTuple):
    """One request to one program.

    Attributes:
        way: Its name.
        warm: It keeps keys and values.
        stroke: What was asked.
        written: What came.
        margin: By how much our next token is better where the texts part, in nats; None if they are equal.
    """

    way: str
    warm: bool
    stroke: Keystroke
    written: Written
    margin: float | None = None


def summary(rows: Sequence[Row]) -> dict[str, dict[str, Any]]:
    """Sum up by way, in the order in which they were first asked."""
    ways: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        ways[row.way].append(row)
    ours = {name: {row.stroke: row.written for row in ways[name]} for name in (PLAIN, DRAFTED)}
    return {name: _summed(found, ours) for name, found in ways.items()}


def _summed(rows: Sequence[Row], ours: Mapping[str, Mapping[Keystroke, Written]]) -> dict[str, Any]:
    seconds = sum(row.written.seconds for row in rows)
    tokens = sum(len(row.written.tokens) for row in rows)
    margins = [row.margin for row in rows if row.margin is not None]
    return {
        "keystrokes": len(rows),
        "files": len({row.stroke.file for row in rows}),
        "warm": rows[0].warm,
        "tokens": tokens,
        "ms_median": 1000 * median(row.written.seconds for row in rows),
        "tokens_per_second": tokens / seconds,
        "same": sum(row.written.tokens == ours[PLAIN][row.stroke].tokens for row in rows),
        "margin_most": max(margins, default=None),
        "to_plain": paired(rows, ours[PLAIN]),
        "to_drafted": paired(rows, ours[DRAFTED]),
    }


def paired(rows: Sequence[Row], ours: Mapping[Keystroke, Written]) -> tuple[float, float, float] | None:
    """Return the ratio of their total time to ours, with bounds of 95 % over files.

    Requests with different numbers of tokens are left out; None if there are no others.
    """
    times: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    for row in rows:
        mine = ours[row.stroke]
        if len(mine.tokens) == len(row.written.tokens):
            times[row.stroke.file].append((row.written.seconds, mine.seconds))
    if not times:
        return None
    sums = np.array([np.sum(found, axis=0) for found in times.values()])
    drawn = sums[np.random.default_rng(SEED).integers(0, len(sums), (DRAWS, len(sums)))].sum(axis=1)
    low, high = np.percentile(drawn[:, 0] / drawn[:, 1], (2.5, 97.5))
    theirs, mine_all = sums.sum(axis=0)
    return float(theirs / mine_all), float(low), float(high)


def as_overview(stages: Stages) -> str:
    """Return the README's table: how many times our time with drafts the fastest way of each program takes."""
    best: dict[str, dict[str, tuple[float, float, float]]] = {}
    for stage, ways in stages.items():
        for name, way in ways.items():
            program, ratio = name.partition(",")[0], way["to_drafted"]
            if name not in OURS and ratio is not None:
                known = best.setdefault(stage, {})
                known[program] = min(known.get(program, ratio), ratio)
    programs = dict.fromkeys(program for found in best.values() for program in found)
    rows = [
        (stage.replace("/", ", "), *(_ratio(found.get(program), bold=True) for program in programs))
        for stage, found in best.items()
    ]
    return markdown(("model", *programs), rows)


def as_table(stages: Stages) -> str:
    """Return the table of all ways: how many times our time each takes."""
    rows = [
        (
            stage.replace("/", ", "),
            name if way["warm"] else f"{name}, from nothing",
            f"{way['ms_median']:.0f}",
            f"{way['tokens_per_second']:.0f}",
            _ratio(way["to_plain"]) if name != PLAIN else "",
            _ratio(way["to_drafted"], bold=True) if name != DRAFTED else "",
            f"{way['same']} of {way['keystrokes']}",
        )
        for stage, ways in stages.items()
        for name, way in ways.items()
    ]
    header = ("model", "way", "a keystroke, ms (median)", "tokens per second", "time beside ours, plain")
    return markdown((*header, "beside ours, drafts (95 %)", "same tokens as ours, plain"), rows)


def as_bars(stages: Stages) -> dict[str, list[Bar]]:
    """Return bars for the ways that keep keys and values, by stage."""
    return {
        stage.replace("/", ", "): [
            Bar(name, *way["to_drafted"])
            for name, way in ways.items()
            if way["warm"] and name != DRAFTED and way["to_drafted"] is not None
        ]
        for stage, ways in stages.items()
    }


def _ratio(found: tuple[float, float, float] | None, bold: bool = False) -> str:
    if found is None:
        return "-"
    value, low, high = found
    return f"{'**' if bold else ''}{value:.2f}x{'**' if bold else ''} ({low:.2f} to {high:.2f})"
