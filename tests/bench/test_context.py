"""The measurement of context: what is compared with what, and how doubt is counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.context import CONFIGURATIONS, PLAIN, as_tables, compared, configurations, open_files, parse, thresholds
from completion.context.sources import DEFINITIONS, OPEN_FILES, WORKSPACE

CASE = {
    "id": "a", "path": "pack/main.py", "kind": "line", "truth": "x = 1",
    "prefix": "from .bank import Bank\nfrom pack.plants import bed\nfrom .gone import z\n", "suffix": "\n",
}  # fmt: skip
WORDS = ["--cases", "c", "--python", "p"]


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """A folder with one package."""
    (tmp_path / "pack").mkdir()
    for name in ("bank", "plants", "other"):
        (tmp_path / "pack" / f"{name}.py").write_text(f"# {name}\n" * 100)
    return tmp_path


def test_open_files_are_what_the_document_imports(packages: Path) -> None:
    """Regions, the same each time."""
    found = open_files(CASE, packages)
    assert {Path(snippet.path).stem for snippet in found} == {"bank", "plants"}
    assert all(snippet.text.count("\n") == 40 for snippet in found)
    assert open_files(CASE, packages) == found


def test_configurations_differ_in_context_alone(packages: Path) -> None:
    """Each source by itself, and all together."""
    found = configurations(CASE, packages, parse(WORDS))
    assert tuple(found) == CONFIGURATIONS
    assert {name: (bool(r.context), r.sources) for name, r in found.items()} == {
        PLAIN: (False, ()),
        OPEN_FILES: (True, ()),
        WORKSPACE: (False, (WORKSPACE,)),
        DEFINITIONS: (False, (DEFINITIONS,)),
        "all": (True, (WORKSPACE, DEFINITIONS)),
    }
    assert len({(r.document, r.limits, r.monitors, r.facts) for r in found.values()}) == 1


def test_thresholds() -> None:
    """Shares of right and of wrong texts that are shown; texts that are empty count for neither."""
    rows = [
        {"shown": 1.0, "exact": 1.0, "confidence": 0.9},
        {"shown": 1.0, "exact": 1.0, "confidence": 0.22},
        {"shown": 1.0, "exact": 0.0, "confidence": 0.22},
        {"shown": 1.0, "exact": 0.0, "confidence": 0.01},
        {"shown": 0.0, "exact": 0.0, "confidence": 0.0},
    ]
    found = {row["least"]: (row["right"], row["wrong"], row["precision"]) for row in thresholds(rows)}
    assert found[0.0] == (1.0, 1.0, 0.5)
    assert found[0.2] == (1.0, 0.5, 2 / 3)
    assert found[0.3] == (0.5, 0.0, 1.0)
    assert thresholds([{"bits": 1.0}]) == []


def test_differences_are_paired() -> None:
    """Each case with itself."""
    cases = [CASE, {**CASE, "id": "b", "path": "pack/b.py"}]
    rows = [{"bits": 10.0, "context_tokens": 0.0}, {"bits": 30.0, "context_tokens": 0.0}]
    with_it = [{"bits": 8.0, "context_tokens": 9.0}, {"bits": 28.0, "context_tokens": 0.0}]
    found = compared(cases, {PLAIN: rows, WORKSPACE: with_it})
    assert found["mean_bits"] == 20.0
    assert found["by_source"][WORKSPACE]["bits_change"] == (-2.0, -2.0, -2.0)
    assert found["by_source"][WORKSPACE]["with_context"] == 0.5
    numbers = {
        "model": {"name": "m", "dtype": "d"}, "sources": found, "confidence": [],
        "gathering_ms": {PLAIN: 1.0, WORKSPACE: 2.0},
    }  # fmt: skip
    assert "| workspace | 4 | 50 % | 3.6000 | -2.00 [-2.00, -2.00] |" in as_tables(numbers)


def test_a_comparison_needs_both_sides(capsys: pytest.CaptureFixture[str]) -> None:
    """Without the plain configuration there is nothing to compare with."""
    with pytest.raises(SystemExit):
        parse([*WORDS, "--configurations", "workspace"])
    assert "add it" in capsys.readouterr().err
