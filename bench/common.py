"""What the measuring programs share: the machine's description, results on disk, paired intervals."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

RESULTS = Path(__file__).parent / "results"

_PACKAGES = ("torch", "transformers", "jedi", "tree-sitter", "tree-sitter-python")


def machine() -> dict[str, Any]:
    """Describe the machine and the versions that a number depends on."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "packages": {name: metadata.version(name) for name in _PACKAGES},
    }


def write_results(name: str, numbers: dict[str, Any], table: str, folder: Path = RESULTS) -> None:
    """Write ``NAME.json`` and ``NAME.md`` into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"machine": machine(), **numbers}, indent=1, sort_keys=True)
    (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    (folder / f"{name}.md").write_text(table + "\n", encoding="utf-8")


def markdown(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def interval(
    values: Sequence[float], groups: Sequence[str], draws: int = 2000, seed: int = 7
) -> tuple[float, float, float]:
    """Return mean and 95 % percentile-bootstrap bounds, drawing whole groups.

    Args:
        values: One number a case.
        groups: The case's file or problem: cases of one group are not independent.
        draws: Bootstrap samples.
        seed: Of the drawing.
    """
    names = sorted(set(groups))
    index = {name: i for i, name in enumerate(names)}
    sums, counts = np.zeros(len(names)), np.zeros(len(names))
    for value, group in zip(values, groups, strict=True):
        sums[index[group]] += value
        counts[index[group]] += 1
    picks = np.random.default_rng(seed).integers(0, len(names), (draws, len(names)))
    means = sums[picks].sum(axis=1) / counts[picks].sum(axis=1)
    low, high = np.percentile(means, (2.5, 97.5))
    return float(sums.sum() / counts.sum()), float(low), float(high)


def percent(triple: tuple[float, float, float]) -> str:
    """Return a share with its interval."""
    return f"{100 * triple[0]:.1f} % ({100 * triple[1]:.1f} to {100 * triple[2]:.1f})"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
