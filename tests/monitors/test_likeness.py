"""Which names are used elsewhere as the one at the cursor is going to be, and the table of what that is worth."""

from __future__ import annotations

import json
import math

import pytest

from monitors.likeness import NOTHING_KNOWN, ROWS, likeness_at, needed, rows_of
from monitors.strength import LIKENESS_MEASURED, LIKENESS_TABLE, Strength, load, stamp
from tests.monitors import sites

WEIGHTS = Strength({}, weights={"alike": 3.0, "similar": 1.0, "unlike": -2.0})
ABOVE = (
    "a.called(x)\na.called_so(self.y)\nprint(a.read, a.read + 1)\na.both\na.both(1)\na.indexed[0]\na.chained.get(1)\n"
)


@pytest.mark.parametrize(
    ("remainder", "expected"),
    [
        ("(x)", {"called": "alike", "read": "unlike", "indexed": "unlike", "chained": "unlike", "get": None}),
        ("(self.body)", {"called_so": "alike", "called": None, "both": None, "read": "unlike"}),
        ("(self)", {"called_so": "similar"}),
        ("( self . other )", {"called_so": "alike"}),
        ("(selfish.y)", {"called_so": None}),
        ("(1)\n", {"both": "alike", "get": "alike"}),
        ("(", {"called": None, "read": "unlike"}),
        (".get", {"chained": "similar", "get": "unlike"}),
        (".get(2)", {"chained": "alike", "called": "unlike"}),
        ("[0]", {"indexed": "alike", "both": "unlike"}),
        ("[key]", {"indexed": None}),
    ],
)
def test_rows(remainder: str, expected: dict[str, str | None]) -> None:
    """Of all uses the one counts that is most like the place; names that are used nowhere are in no row."""
    found = rows_of(ABOVE, "", remainder)
    assert {name: found.get(name) for name in expected} == expected
    assert "nowhere" not in found
    assert rows_of("", ABOVE, remainder) == found


def test_a_line_end_follows_the_last_token() -> None:
    """``go()`` at the end of a line is not ``go().now``."""
    assert rows_of("a.go()\nb.on().now\n", "", "()") == {"go": "alike", "on": "similar", "now": "unlike"}


@pytest.mark.parametrize(
    ("text", "alike"),
    [
        ("    self.$0(x)\n    self.run(x)\n", True),
        ("    self.ru$0 (x)\n    self.run(x)\n", True),
        ("    self.$0\n    self.run(x)\n", False),
        ("    f(self.$0)\n    self.run(x)\n", False),
        ("    self.$0 + (x)\n    self.run(x)\n", False),
        ("    self.$0nning(x)\n    self.run(x)\n", False),
    ],
)
def test_only_what_belongs_to_the_name_says_anything(text: str, alike: bool) -> None:
    """Behind an open end, a closing bracket, an operator or the rest of a word nothing is known."""
    found = likeness_at(sites.site(text), WEIGHTS)
    assert found.of("run") == (3.0 if alike else 0.0)
    assert alike or found is NOTHING_KNOWN


@pytest.mark.parametrize(
    ("above", "below", "expected"),
    [
        ("", "\nx = Path(1)\n", {"Path"}),
        ("from pathlib import Path\n", "x = Path(1)\n", set()),
        ("", "from .core import (\n    Context,\n)\nimport Path\nContext(Path)\n", set()),
        ("", "__all__ = ['Command']\n", {"Command"}),
        ("", "class Path: ...\ndef join(): Path, join\n", set()),
        ("", "with a as b:\n    for c in b:\n        d: int = c.e\n        d.f == g\n", {"a", "g"}),
        ("x = Path\n", "", set()),
    ],
)
def test_needed(above: str, below: str, expected: set[str]) -> None:
    """What is used below and bound nowhere."""
    assert needed(above, below) == expected


def test_strictness_scales_the_weights() -> None:
    """At 0 they are switched off like the penalties."""
    at = sites.site("    self.$0(x)\n    self.run(x)\n    self.done\n")
    double = likeness_at(at, Strength({}, 2.0, WEIGHTS.weights))
    assert [double.of(name) for name in ("run", "done", "other")] == [6.0, -4.0, 0.0]
    assert likeness_at(at, Strength({}, 0.0, WEIGHTS.weights)).of("run") == 0.0


def test_the_shipped_table_is_consistent() -> None:
    """Each weight is its value less the error's share, on the same side of 0, and what the monitors use."""
    table = json.loads(LIKENESS_TABLE.read_text(encoding="utf-8"))
    assert set(table["rows"]) == set(ROWS)
    for name, row in table["rows"].items():
        bound = max(0.0, abs(row["value"]) - 1.645 * row["error"])
        assert row["weight"] == pytest.approx(math.copysign(bound, row["value"]), abs=2e-4), name
        assert load().weight(name) == row["weight"]
        assert row["meant"] <= table["sites"]


def test_the_shipped_table_was_measured_with_this_code() -> None:
    """A change to what was measured asks for a new measurement."""
    table = json.loads(LIKENESS_TABLE.read_text(encoding="utf-8"))
    command = "python -m bench.likeness --python ENVIRONMENT/bin/python --update-table"
    assert table["stamp"] == stamp(LIKENESS_MEASURED), f"{LIKENESS_TABLE.name} is stale; run: {command}"
