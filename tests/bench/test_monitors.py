"""The benefit of monitors is counted right; checked on hand-made scores and on a few real tokens."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

import pytest

from analysis.analyzers.jedi import pool as jedi_pool
from bench.cases import Case, Judges, first_name, read_cases, request_of, sample
from bench.monitor_cost import per_token, shares
from bench.monitors import ALL, NONE, Scores, ablations, compare, refusals
from models.checkpoints import load
from monitors import registry
from tests.models.tiny_checkpoints import save

ORACLE = """\
import json, sys
known = {"aa": "valid", "bb": "valid", "zz": "invalid"}
rows = [json.loads(line) for line in open(sys.argv[2])]
with open(sys.argv[4], "w") as out:
    out.writelines(json.dumps({"key": r["id"], "status": known.get(r["completion"], "unknown")}) + "\\n" for r in rows)
"""


def case(number: int, kind: str = "deref", truth: str = "aa") -> Case:
    """Return a case."""
    return {
        "id": str(number),
        "path": f"p/{number % 2}.py",
        "prefix": "import os\nos.",
        "suffix": "\n",
        "truth": truth,
        "kind": kind,
        "meta": {"ctx": "Store" if number > 90 else "Load"},
    }


def scores(*names: str) -> Scores:
    """Return scores of completions that are nothing but names."""
    verdicts = tuple({"aa": "valid", "bb": "valid", "zz": "invalid"}.get(name, "unknown") for name in names)
    invalid = tuple(None if verdict == "unknown" else float(verdict == "invalid") for verdict in verdicts)
    empty = (None,) * len(names)
    values = {"invalid": invalid, "next_identifier": tuple(float(name == "aa") for name in names)}
    return Scores(names, verdicts, {**dict.fromkeys(("first_line", "parses", "undefined", "empty"), empty), **values})


def test_differences_are_paired() -> None:
    """Only cases that both configurations have a value for are compared."""
    cases = [case(i) for i in range(4)]
    found = compare(cases, {NONE: scores("zz", "zz", "aa", "??"), ALL: scores("aa", "zz", "aa", "aa")}, "deref")
    assert found["invalid"]["cases"] == 3
    assert [round(found["invalid"][key][0], 3) for key in ("without", "with", "difference")] == [0.667, 0.333, -0.333]
    assert found["next_identifier"]["difference"][0] == 0.5
    assert "parses" not in found


def test_refusals_say_what_was_refused_and_what_came_instead() -> None:
    """By the oracle's word on both names; unchanged names are no refusals."""
    cases = [case(i) for i in range(6)]
    off = scores("zz", "zz", "zz", "bb", "??", "aa")
    on = scores("aa", "bb", "??", "zz", "aa", "aa")
    assert refusals(cases, {NONE: off, ALL: on}, "deref") == {
        "wrong": {"the truth": 1, "another valid name": 1, "not judged": 1},
        "valid": {"nonsense": 1},
        "not judged": {"the truth": 1},
    }


def test_every_monitor_is_tried_alone_and_left_out() -> None:
    """Beside those that are always on."""
    names = [name for name, _ in ablations()]
    for name in set(registry.DEFAULT) - registry.ALWAYS:
        assert f"only {name}" in names
        assert f"all but {name}" in names


def test_judges_are_asked_case_by_case(tmp_path: Path) -> None:
    """The programs get the cases they are to judge, and answers are matched by id."""
    (tmp_path / "oracle.py").write_text(ORACLE)
    judges = Judges(sys.executable, tmp_path / "oracle.py", tmp_path / "oracle.py")
    assert judges.verdicts([case(2), case(1)], ["zz", "aa"]) == ["invalid", "valid"]


def test_cases_are_read_and_drawn(tmp_path: Path) -> None:
    """Stores are left out, and a kind that has too few gives all it has."""
    rows = [*(case(i) for i in range(5)), case(99), case(6, "import")]
    (tmp_path / "cases.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    cases = read_cases(tmp_path / "cases.jsonl")
    assert len(cases) == 6
    chosen = sample(cases, ("deref", "import"), 3, seed=1)
    assert Counter(row["kind"] for row in chosen) == {"deref": 3, "import": 1}
    assert chosen == sample(cases, ("deref", "import"), 3, seed=1)
    assert [first_name(text) for text in (" aa.b", "1a", "")] == ["aa", "", ""]


def test_shares_leave_out_what_cannot_be_told() -> None:
    """Of ten questions of which two have no answer, six in time are three quarters."""
    counts = Counter(asked=10, on_time=6, late=1, unresolved=2, needed=4, lacking=1)
    assert shares(counts)["on_time_share"] == 0.75
    assert shares(counts)["there_share"] == 0.75
    assert shares(counts)["unanswered"] == 1


def test_costs_name_every_monitor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One completion of a random model: each emitted token has a cost, each monitor a row."""
    monkeypatch.setattr(jedi_pool, "user_cache", lambda: tmp_path / "cache")
    model = load(str(save(tmp_path / "checkpoint")))
    found = per_token(model, [request_of(case(1), tmp_path, "", None, 6)])
    assert 1 <= found["tokens"] <= 6
    assert set(found["monitors"]) == set(registry.FACTORIES) & set(registry.DEFAULT)
    assert found["all"]["p99"] >= found["all"]["p50"] >= 0
