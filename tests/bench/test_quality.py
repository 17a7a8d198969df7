"""Quality is counted right, on problems made for the purpose; two runs of the embedded model agree."""

from __future__ import annotations

import gzip
import json
import math
import sys
from pathlib import Path

import pytest

from analysis.analyzers.jedi import pool as jedi_pool
from bench import bits, infilling, quality
from bench.execution import runs_to_its_end
from models.checkpoints import load
from verifill.cli import run

PROMPT = 'def double(x):\n    """Return twice x."""\n'
PROBLEM = {
    "task_id": "SingleLineInfilling/HumanEval/7/L0",
    "entry_point": "double",
    "prompt": PROMPT,
    "suffix": "    return y\n",
    "canonical_solution": "    y = x + x\n",
    "test": "def check(candidate):\n    assert candidate(2) == 4\n",
}


@pytest.mark.parametrize(
    ("source", "runs"),
    [
        ("print(1)", True),
        ("raise ValueError", False),
        ("import sys; sys.exit(0)", False),
        ("x = (", False),
        ("open('much', 'wb').write(bytes(3 << 20))", False),
        ("x = bytearray(4 << 30)", False),
        ("import numpy", False),
    ],
)
def test_a_program_runs_or_does_not(source: str, runs: bool) -> None:
    """Only one that reaches its last line within the limits does."""
    assert runs_to_its_end(source) is runs


def test_a_program_has_limited_time() -> None:
    """One that goes on for ever is ended, with all that it started."""
    assert not runs_to_its_end(
        "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'while True: pass'])", 0.5
    )


def test_infilling_is_scored_by_its_tests() -> None:
    """A line that differs from the true one and works passes; one that does not, or is not there, fails."""
    texts = ["    y = x + x", "    y = 2 * x", "    y = x", "", "    return"]
    found = infilling.scores([PROBLEM] * len(texts), texts)
    assert found == {
        "passes": [1, 1, 0, 0, 0],
        "passes_empty": [0, 0, 0, 0, 0],
        "exact": [1, 0, 0, 0, 0],
        "empty": [0, 0, 0, 1, 0],
    }
    untested = infilling.scores([PROBLEM | {"test": "def check(candidate):\n    pass\n"}], [""])
    assert untested["passes"] == untested["passes_empty"] == [1]
    assert infilling.group_of(PROBLEM) == "HumanEval/7"


def test_the_cursor_stands_on_an_empty_line() -> None:
    """Between prompt and suffix, both of which begin and end lines of their own."""
    request = infilling.request_of(PROBLEM, ())
    before, behind = request.document.text[: request.offset], request.document.text[request.offset :]
    assert (before, behind) == (PROMPT, "\n    return y\n")


def test_problems_are_drawn_in_order() -> None:
    """The same ones for the same seed, and all of them if there are not more."""
    problems = [PROBLEM | {"task_id": str(i)} for i in range(30)]
    chosen = [int(problem["task_id"]) for problem in infilling.drawn(problems, 10, 3)]
    assert chosen == sorted(chosen) == [int(p["task_id"]) for p in infilling.drawn(problems, 10, 3)]
    assert len(set(chosen)) == 10
    assert infilling.drawn(problems, 40, 3) == infilling.drawn(problems, None, 3) == problems


def test_differences_are_paired() -> None:
    """Of cases that have a value both ways."""
    row = quality.paired([0.0, 1.0, None, 0.0], [1.0, 1.0, 1.0, None], ["a", "b", "c", "d"])
    assert (row["cases"], row["without"][0], row["with"][0], row["difference"][0]) == (2, 0.5, 1.0, 0.5)
    assert quality.paired([None], [1.0], ["a"]) == {"cases": 0}


def test_bits_add_up_over_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """However a window is cut into passes, and an even guess costs the logarithm of the vocabulary."""
    model = load()
    ids = model.vocabulary.encode("import os\n\n\ndef parent(path: str) -> str:\n    return os.path.dirname(path)\n")
    whole = bits.bits_and_bytes(model, ids)
    monkeypatch.setattr(bits, "CHUNK", 5)
    cut = bits.bits_and_bytes(model, ids)
    assert cut[0] == pytest.approx(whole[0], rel=1e-5)
    assert cut[1] == whole[1] == len(model.vocabulary.decode(ids[1:]))
    assert 0 < whole[0] < len(ids) * math.log2(model.vocabulary.size)


def test_two_runs_agree_exactly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Through the command line, the embedded model and the real analysis; the numbers and the table are the same."""
    monkeypatch.setattr(jedi_pool, "user_cache", lambda: tmp_path / "cache")
    with gzip.open(tmp_path / "problems.jsonl.gz", "wt", encoding="utf-8") as out:
        out.writelines(json.dumps(PROBLEM | {"task_id": f"HumanEval/{i}"}) + "\n" for i in range(3))
    for name in ("one", "two"):
        asked = ("--infilling", str(tmp_path / "problems.jsonl.gz"), "--limit", "2", "--name", name)
        assert run(["bench", "quality", *asked, "--out", str(tmp_path)]) == 0
    one, two = (json.loads((tmp_path / f"{name}.json").read_text()) for name in ("one", "two"))
    assert one == two
    assert one["finish"]["with"]
    assert one["infilling"]["passes"]["cases"] == 2
    assert one["model"]["name"] == "embedded"
    table = (tmp_path / "one.md").read_text()
    assert "| pass@1 | 2 |" in table
    assert "Bavarian" in table
    assert table == (tmp_path / "two.md").read_text()


def test_an_installation_without_benches_says_so(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wheel has none of them: one line, and where they are."""
    monkeypatch.setitem(sys.modules, "bench", None)
    monkeypatch.delitem(sys.modules, "bench.quality")
    assert run(["bench", "quality"]) == 2
    assert capsys.readouterr().err.startswith("verifill: the measuring programs are not installed; ")


@pytest.mark.parametrize("words", [[], ["--cases", __file__], ["--infilling", "gone.jsonl"]])
def test_what_is_missing_is_named(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything is loaded."""
    with pytest.raises(SystemExit) as ended:
        quality.main(words)
    assert ended.value.code == 2
    assert "verifill bench quality: error: " in capsys.readouterr().err
