"""The weights of the document's evidence: they are found again where they are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bench.likeness import COLUMNS, Place, Weighed, as_tables, fitted, nearer_to_zero, places_of, summary, uses_at
from monitors.likeness import ROWS
from monitors.ranks import HIDDEN

WEIGHTS = np.array([2.0, 0.0, -1.5, 1.0, 3.0, -2.0])


def drawn(count: int, group: str = "black") -> list[Weighed]:
    """Return choices between twelve names, made by a model's scores with ``WEIGHTS`` added."""
    rng = np.random.default_rng(7)
    found = []
    for number in range(count):
        scores = rng.normal(0, 1, 12)
        columns = rng.integers(0, len(COLUMNS) + 1, 12)
        rows = np.eye(len(COLUMNS) + 1)[columns][:, : len(COLUMNS)]
        truth = int((scores + rows @ WEIGHTS + rng.gumbel(0, 1, 12)).argmax())
        found.append(Weighed("attributes", group, f"file {number % 40}", scores, rows, truth))
    return found


def test_known_weights_are_found() -> None:
    """Within three standard errors, which shrink with the number."""
    few, many = fitted(drawn(200)), fitted(drawn(3200))
    assert (np.abs(many[0] - WEIGHTS) < 3 * many[1]).all()
    assert (few[1] > 3 * many[1]).all()


def test_a_model_that_knows_better_is_not_weighed() -> None:
    """Where the truth is what the model says, whatever the document says, nothing is added."""
    sure = [Weighed(w.kind, w.group, w.file, w.scores * 50, w.rows, int(w.scores.argmax())) for w in drawn(300)]
    weights, errors = fitted(sure)
    assert [nearer_to_zero(float(w), float(e)) for w, e in zip(weights, errors, strict=True)] == [0.0] * len(COLUMNS)


def test_summary_keeps_the_evaluation_packages_out() -> None:
    """They are judged by the others' weights, and change none."""
    mine = [*drawn(200), *drawn(200, "mypy")]
    result, alone = summary([*mine, *drawn(100, "click")]), summary(mine)
    assert result["rows"] == alone["rows"]
    assert set(result["rows"]) | set(result["not_used"]) == {*ROWS, HIDDEN}
    assert result["judged"]["attributes"]["evaluation packages"]["number"] == 100
    assert result["judged"]["exports"]["all together"] == {"number": 0}
    assert result["judged"]["attributes"]["all together"]["difference"][0] > 0.1
    shown = as_tables({**result, "settings": {}})
    assert "| attributes | evaluation packages | 100 |" in shown


SOURCE = """\
from os import path
from re import (compile)
import json


def f(x):
    path.join(x)
    x.now = json.dumps
    return x.é.join(x)[0]
"""


def test_places_are_loads_that_go_on_and_imports(tmp_path: Path) -> None:
    """Whole lines around each, the name and, of an import, the rest of the line taken out."""
    file = tmp_path / "a.py"
    file.write_text(SOURCE, encoding="utf-8")
    found = list(places_of("group", file, tmp_path))
    assert sorted((place.kind, place.truth) for place in found) == [
        ("attributes", "join"),
        ("attributes", "join"),
        ("attributes", "é"),
        ("exports", "path"),
    ]
    for place in found:
        if place.kind == "attributes":
            assert place.prefix + place.truth + place.suffix == SOURCE
    imported = next(place for place in found if place.kind == "exports")
    assert imported.prefix == "from os import "
    assert imported.suffix.startswith("\nfrom re")
    assert imported.taken == ("path",)
    assert uses_at(imported, {"path", "sep"}) == {"path": "first"}


def test_uses_are_those_of_the_place() -> None:
    """The line of the name itself says nothing."""
    place = Place("attributes", "", Path(), Path(), "a.run(x)\nb.stop\nx = c.", "run", "(x) + d.other(x)\nd.near(x)\n")
    assert uses_at(place, frozenset()) == {"run": "alike", "near": "alike", "stop": "unlike"}
