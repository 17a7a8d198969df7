"""The measurement of truth-forbid rates, on a few lines, with honest monitors and with a bad one."""

from __future__ import annotations

import ast
import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from analysis.facts import FactView
from bench import truth_forbid
from bench.sites import FINDERS, RARE, STANDARD_LIBRARY, python_files, sampled_lines
from bench.truth_forbid import main
from monitors import registry
from monitors.base import FORBIDDEN, Kind, Lexed, Monitor, Site
from monitors.heal import Heal
from monitors.listed import Listed
from monitors.naming import Name
from monitors.scope import Scope
from monitors.strength import Rate, load


class NoSelf(Heal):
    """A bad monitor: it claims to be sound, and forbids ``self``."""

    name = "no_self"
    kind = Kind.SOUND

    def step(self, state: bytes | None, text: Lexed, view: FactView) -> tuple[float, bytes | None]:
        """Forbid the last letter."""
        _, after = super().step(state, text, view)
        return (FORBIDDEN if any(scan.name == b"self" for scan in text.after) else 0.0), after


class Forgetful(Scope):
    """A bad monitor: it has no idea which names are in scope."""

    def listed(self, name: Name) -> Listed | None:
        """Take all names from the list."""
        found = super().listed(name)
        return None if found is None else replace(found, ranks=())


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep jedi's cache out of the user's."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def run(folder: Path, *options: str) -> tuple[int, dict[str, Any]]:
    """Run the program; return its exit status and what it wrote."""
    status = main([*options, "--out", str(folder), "--groups", STANDARD_LIBRARY, "--workers", "1"])
    return status, json.loads((folder / "truth_forbid.json").read_text(encoding="utf-8"))


@pytest.mark.slow
def test_a_small_run(tmp_path: Path) -> None:
    """Every judgement is counted once, all queries are tried, and the shipped table still fits."""
    status, result = run(tmp_path, "--files", "3", "--per-file", "1", "--sound-files", "5")
    assert status == 0
    assert 3 < result["lines"] <= 3 * sum(RARE.get(query, 1) for query in FINDERS)
    cuts = result["sound"]["cuts"]  # fewer than wanted where a middle closes what the user has opened
    assert result["sound"] == {"cuts": cuts, "forbidden": []}
    assert 10 < cuts <= 20
    judged = {fact: row["sites"] for fact, row in result["facts"].items()}
    known = sum(sites for fact, sites in judged.items() if not fact.endswith((".unknown", ".unresolved")))
    assert set(result["groups"]) == {STANDARD_LIBRARY}
    assert result["groups"][STANDARD_LIBRARY]["judged"] == sum(judged.values())
    assert result["groups"][STANDARD_LIBRARY]["sites"] == known >= 10
    assert {"attributes", "modules", "names"} <= {fact.partition(".")[0] for fact in judged}
    report = (tmp_path / "truth_forbid.md").read_text(encoding="utf-8")
    assert report.startswith(f"Sound monitors forbade the truth at 0 of {cuts} cuts.")


def plant(monkeypatch: pytest.MonkeyPatch, name: str, make: Callable[[Site], Monitor[Any]]) -> None:
    """Put a monitor in the registry, or in another one's place."""
    factories = {**registry.FACTORIES, name: make}
    monkeypatch.setattr(registry, "FACTORIES", factories)
    for names in ("NAMES", "DEFAULT"):
        monkeypatch.setattr(registry, names, tuple(factories))


def test_a_bad_monitor_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A monitor that says it is sound and forbids what stands in files makes the run fail."""
    plant(monkeypatch, "no_self", NoSelf)
    status, result = run(tmp_path, "--files", "0", "--sound-files", "10")
    assert status == 1
    assert {refusal["monitor"] for refusal in result["sound"]["forbidden"]} == {"no_self"}
    assert "\n`no_self` at " in (tmp_path / "truth_forbid.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_monitor_that_errs_too_often_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A monitor that holds names against the wrong list makes the run fail, heuristic as it is."""
    plant(monkeypatch, "scope", lambda site: Forgetful(site, load()))
    table = {f"names.{kind}.seen": Rate(1000, 5, 0.01) for kind in ("plain", "argument", "element")}
    monkeypatch.setattr(truth_forbid, "shipped", lambda: table)
    assert run(tmp_path, "--files", "2", "--per-file", "1", "--sound-files", "0")[0] == 1


def test_held_out_packages_are_refused(tmp_path: Path) -> None:
    """What is held out is not even listed."""
    with pytest.raises(ValueError, match="^Rich is held out from all development$"):
        python_files("Rich", tmp_path, random.Random(0))


def test_missing_packages_are_named(tmp_path: Path) -> None:
    """A distribution that is not there is a clear error."""
    with pytest.raises(LookupError, match="^nothing is not installed in .*; pip install it there$"):
        next(sampled_lines("nothing", tmp_path, 1, 1, 0))


def test_each_query_has_its_lines() -> None:
    """Imports count with all their lines, names where they are read, attributes where they end."""
    tree = ast.parse("from a import (\n    b,\n)\nx = 1\ny = x\nz = y[0](\n).c\n")
    found = {query: lines_with(tree) for query, lines_with in FINDERS.items()}
    assert found["imports"] == {1, 2, 3}
    assert found["names"] == {5, 6}
    assert found["attributes"] == {7}


def test_rare_queries_have_their_lines() -> None:
    """Arguments of format strings count where they end, keys where they are read from a dictionary that is shown."""
    source = (
        "d = {'a': 1}\nx = d['a'], e['a']\nd['b'] = e['a']\ny = '%s %s' % (\n    1, 2)\nz = '{}'.format(\n    1\n)\n"
    )
    tree = ast.parse(source + "w = t.format(1), '%s' % 1\ntry:\n    raise\nexcept (\n    A):\n    raise B from c\n")
    found = {query: FINDERS[query](tree) for query in RARE.keys() | {"exceptions"}}
    assert found == {"keys": {2}, "formats": {5, 8}, "exceptions": {13, 14}}


def test_lines_put_the_file_together_again() -> None:
    """A line with its surroundings is the file, and the same seed draws the same lines."""
    lines = list(sampled_lines(STANDARD_LIBRARY, Path(), 2, 2, 3))
    for line in lines:
        assert line.prefix + line.text + "\n" + line.suffix == line.path.read_text(encoding="utf-8")
    assert lines == list(sampled_lines(STANDARD_LIBRARY, Path(), 2, 2, 3))
