"""The loss curve of a run."""

from __future__ import annotations

import json
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure


def plot_log(log: Path, picture: Path) -> None:
    """Draw training loss and held-out bits per byte over tokens from a run's `log.jsonl`."""
    records = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    loss_axis = figure.add_subplot()
    bits_axis = loss_axis.twinx()
    for axis, key, colour in ((loss_axis, "loss", "tab:blue"), (bits_axis, "bits_per_byte", "tab:orange")):
        points = [(r["tokens"] / 1e6, r[key]) for r in records if key in r]
        axis.plot(*zip(*points, strict=True), color=colour) if points else None
        axis.set_ylabel(key.replace("_", " "), color=colour)
    loss_axis.set_xlabel("million tokens")
    figure.savefig(picture, dpi=110)
