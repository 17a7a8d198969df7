"""The contamination check finds what is planted, and refuses to judge by half a reference."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from models.training.cli import main
from models.training.corpus.build import Document, Report, write_corpus
from models.training.corpus.contamination import Reference, check
from models.training.corpus.heldout import BENCHMARK_FOLDERS, HELD_OUT
from models.training.errors import TrainingError
from tests.models.training.texts import BENCHMARK, source


def annotated(text: str) -> str:
    """Return a text of which no line is as it was, but nearly all words are."""
    return "".join(f"{line}  # copied\n" for line in text.splitlines())


HELD_OUT_FILE = source("held")
CLEAN = Document("good", "good/a.py", "python", source("clean"))
PLANTED = [
    (Document("Flask", "flask/own.py", "python", source("one")), "held-out distribution"),
    (Document("types-requests", "requests-stubs/api.pyi", "python", source("two")), "held-out distribution"),
    (Document("pip", "pip/_vendor/idna/core.py", "python", source("three")), "held-out or vendored path"),
    (Document("tool", "tool/click.py", "python", source("four")), "held-out or vendored path"),
    (Document("tool", "tool/copied.py", "python", HELD_OUT_FILE), "near copy of a held-out file"),
    (Document("tool", "tool/part.py", "python", source("five") + source("held", 5)), "near copy of a held-out file"),
    (Document("tool", "tool/words.py", "python", annotated(HELD_OUT_FILE)), "near copy of a held-out file"),
    (Document("tool", "tool/task.py", "python", f'"""{BENCHMARK}."""\n' + source("six")), "benchmark text"),
    (Document("tool", "tool/marker.py", "python", source("seven") + "# HumanEval/17\n"), "benchmark text"),
]


@pytest.fixture
def folders(tmp_path: Path, make_wheel: Callable[..., Path]) -> tuple[Path, Path]:
    """Archives of all held-out distributions and texts of all benchmarks."""
    for name in HELD_OUT:
        make_wheel("held", name, {f"{name}/app.py": HELD_OUT_FILE if name == "flask" else source(name)})
    for name in BENCHMARK_FOLDERS:
        (tmp_path / "benchmarks" / name).mkdir(parents=True)
        with gzip.open(tmp_path / "benchmarks" / name / "data.jsonl.gz", "wt", encoding="utf-8") as out:
            out.write(json.dumps({"text": BENCHMARK if name == "mbpp" else f"nothing of {name}"}) + "\n")
    return tmp_path / "held", tmp_path / "benchmarks"


@pytest.fixture
def reference(folders: tuple[Path, Path]) -> Reference:
    return Reference.from_folders(*folders)


def test_clean_files_pass(reference: Reference) -> None:
    verdict = check([CLEAN], reference)
    assert (verdict.n_files, verdict.n_bytes, verdict.findings) == (1, len(CLEAN.text), ())


@pytest.mark.parametrize(("planted", "reason"), PLANTED)
def test_what_is_planted_is_found(reference: Reference, planted: Document, reason: str) -> None:
    (finding,) = check([CLEAN, planted], reference).findings
    assert (finding.distribution, finding.path, finding.reason) == (planted.distribution, planted.path, reason)


@pytest.mark.parametrize(("documents", "status"), [([CLEAN], 0), ([CLEAN, PLANTED[4][0]], 1)])
def test_the_program_fails_where_something_is_found(
    folders: tuple[Path, Path], tmp_path: Path, documents: list[Document], status: int, capsys: pytest.CaptureFixture
) -> None:
    write_corpus(documents, Report(), tmp_path / "corpus")
    held_out, benchmarks = map(str, folders)
    line = ["check", "--corpus", str(tmp_path / "corpus"), "--held-out", held_out, "--benchmarks", benchmarks]
    assert main(line) == status
    shown = capsys.readouterr().out
    assert f"{status} findings" in shown
    assert ("tool/copied.py" in shown) is (status == 1)


def test_a_missing_held_out_package_is_an_error(folders: tuple[Path, Path]) -> None:
    held_out, benchmarks = folders
    next(held_out.glob("django-*")).unlink()
    with pytest.raises(TrainingError, match="no archive of django"):
        Reference.from_folders(held_out, benchmarks)


def test_a_missing_benchmark_is_an_error(folders: tuple[Path, Path]) -> None:
    (folders[1] / "mbpp" / "data.jsonl.gz").unlink()
    with pytest.raises(TrainingError, match="folders mbpp"):
        Reference.from_folders(*folders)


def test_no_corpus_is_an_error_in_one_line(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    held_out, benchmarks = map(str, folders)
    assert main(["check", "--corpus", str(tmp_path), "--held-out", held_out, "--benchmarks", benchmarks]) == 2
    error = capsys.readouterr().err
    assert "has no documents.jsonl" in error and error.count("\n") == 1
