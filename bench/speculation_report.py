"""Sums, table and chart of ``bench.speculation``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import torch

from bench.chart import Bar, bars
from bench.common import interval, markdown
from bench.forced import WAYS, Measured


def summary(rows: Sequence[Measured]) -> dict[str, Any]:
    """Sum up by group."""
    groups: defaultdict[str, list[Measured]] = defaultdict(list)
    for row in rows:
        groups[row.group].append(row)
    summed = {name: _summed(found) for name, found in groups.items()}
    watched = {
        name.removeprefix("members, monitors, "): _on_to_off(found, groups[name.replace("monitors", "no monitors")])
        for name, found in groups.items()
        if name.startswith("members, monitors")
    }
    return {"threads": torch.get_num_threads(), "groups": summed, "monitors_on_to_off": watched}


def _on_to_off(on: Sequence[Measured], off: Sequence[Measured]) -> dict[str, Any]:
    """Compare tokens per second with and without monitors, both with drafts, case by case."""
    speeds = [[len(row.tokens) / row.seconds["drafted"] for row in rows] for rows in (on, off)]
    totals = [sum(len(row.tokens) for row in rows) / sum(row.seconds["drafted"] for row in rows) for rows in (on, off)]
    ratios = [with_them / without for with_them, without in zip(*speeds, strict=True) if without]
    return {"ratio": totals[0] / totals[1], "per_case": interval(ratios, [row.file for row in on])}


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
        "predicted": sum(row.predicted["plain"] for row in rows) / sum(row.predicted["drafted"] for row in rows),
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
            f"{group['predicted']:.2f}x",
        ])  # fmt: skip
    header = [
        "workload",
        "same tokens",
        "passes per token",
        "tokens per second",
        "faster (per case, 95 %)",
        "predicted",
    ]
    return f"{markdown(header, rows)}\n\n{_on_to_off_in_words(numbers)}"


def _on_to_off_in_words(numbers: dict[str, Any]) -> str:
    """Say what monitors cost, or bring, where they force names."""
    found = [
        f"{watched['ratio']:.2f}x ({watched['per_case'][1]:.2f} to {watched['per_case'][2]:.2f}) for {model}"
        for model, watched in numbers["monitors_on_to_off"].items()
    ]
    return f"Members, both with drafts: tokens per second with monitors are {', '.join(found)} of those without."


def as_chart(numbers: dict[str, Any]) -> str:
    """Return how fast each workload is with drafts, plain decoding being 100 %."""
    groups: defaultdict[str, list[Bar]] = defaultdict(list)
    for name, group in numbers["groups"].items():
        workload, model, dtype = name.rsplit(", ", 2)
        _, low, high = group["faster_per_case"]
        groups[workload].append(Bar(f"{model}, {dtype}", group["faster"], low, high))
    for model, watched in numbers["monitors_on_to_off"].items():
        _, low, high = watched["per_case"]
        groups["members with drafts, tokens per second without monitors being 100 %"].append(
            Bar(f"with monitors, {model}", watched["ratio"], low, high)
        )
    most = max(bar.high for found in groups.values() for bar in found)
    return bars("Completions with drafts, plain ones being 100 %", groups, most)
