"""The table of penalties: its arithmetic, and that it belongs to the code that is here."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from monitors.strength import (
    MEASURED,
    MEASURED_WITH_SERVERS,
    SERVERS_TABLE,
    TABLE,
    UNMEASURED,
    Rate,
    Strength,
    load,
    stamp,
    upper_bound,
)

COMMANDS = {
    TABLE: "python -m bench.truth_forbid --python ENVIRONMENT/bin/python --files 60 --update-table",
    SERVERS_TABLE: "python -m bench.truth_forbid_servers FOLDER --update-table",
}
TABLES = pytest.mark.parametrize("path", COMMANDS, ids=lambda path: path.stem)


@pytest.mark.parametrize(
    ("events", "trials", "bound"),
    [
        (0, 600, 1 - 0.05 ** (1 / 600)),
        (0, 1, 0.95),
        (0, 0, 1.0),
        (5, 5, 1.0),
        (2, 20, 0.282619),
        (10, 1000, 0.016903),
    ],
)
def test_upper_bound(events: int, trials: int, bound: float) -> None:
    """The bound is that of Clopper and Pearson, one-sided: at it, so few events have a chance of 5 %."""
    assert upper_bound(events, trials) == pytest.approx(bound, abs=1e-6)


def test_penalty_is_the_logarithm_of_the_bound_times_strictness() -> None:
    """A class that nobody has measured, or that is wrong more often than not, is as weak as a coin's toss."""
    rates = {"good": Rate(600, 0, 0.005), "bad": Rate(10, 9, 0.99)}
    strength = Strength(rates, strictness=2.0)
    assert strength.penalty("good") == pytest.approx(2 * math.log(0.005))
    assert strength.penalty("bad") == strength.penalty("unmeasured") == pytest.approx(2 * math.log(UNMEASURED))
    assert Strength(rates, strictness=0.0).penalty("good") == 0


@TABLES
def test_a_shipped_table_is_consistent(path: Path) -> None:
    """Every row's bound follows from its counts, and the rows are what the monitor reads."""
    table = json.loads(path.read_text(encoding="utf-8"))
    assert table["classes"]
    for name, row in table["classes"].items():
        assert row["bound"] == pytest.approx(upper_bound(row["forbidden"], row["sites"]), abs=2e-5), name
        assert load().rates[name] == Rate(**row)


@TABLES
def test_a_shipped_table_was_measured_with_this_code(path: Path) -> None:
    """A change to what was measured asks for a new measurement."""
    table = json.loads(path.read_text(encoding="utf-8"))
    measured = MEASURED if path == TABLE else MEASURED_WITH_SERVERS
    assert table["stamp"] == stamp(measured), f"{path.name} is stale; run: {COMMANDS[path]}"
