"""The command line from archives to an exported model, and that every option arrives."""

from __future__ import annotations

import gzip
import inspect
import json
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from models.training import commands
from models.training.cli import main
from models.training.corpus.sources import Distribution
from models.training.errors import TrainingError


def small_library(folder: Path, version: str) -> Distribution:
    """Describe a few files of the standard library at hand; the whole would take half a minute."""
    return Distribution("python-standard-library", version, "PSF-2.0", True, folder, ("ast.py", "inspect.py"))


def test_from_archives_to_an_exported_model(
    tmp_path: Path,
    make_wheel: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(commands, "standard_library", small_library)
    text = inspect.getsource(textwrap)
    held_out = make_wheel("held", "click", {"click/core.py": text}, "License: BSD")
    archives = make_wheel("archives", "good", {"good/a.py": text.replace("text", "prose")}, "License: MIT")
    benchmarks = tmp_path / "benchmarks" / "humaneval"
    benchmarks.mkdir(parents=True)
    with gzip.open(benchmarks / "HumanEval.jsonl.gz", "wt") as out:
        out.write(json.dumps({"prompt": "none of this occurs anywhere"}) + "\n")

    def run(line: str) -> None:
        places = {"H": held_out, "A": archives, "B": benchmarks.parent, "T": tmp_path}
        assert main([part.format(**places) for part in line.split()]) == 0

    run("corpus --archives {A} --held-out {H} --benchmarks {B} --limit-mb 0.2 --out {T}/corpus")
    run("tokenizer --config tiny --corpus {T}/corpus --sample-mb 1 --out {T}/tokenizer")
    run("tokenize --config tiny --corpus {T}/corpus --tokenizer {T}/tokenizer --million-tokens 0.03 --out {T}/rows")
    training = "train --config tiny --rows {T}/rows --tokenizer {T}/tokenizer --held-out {H} --evaluate-every 100"
    run(training + " --steps 20 --out {T}/run")
    run("export --config tiny --checkpoint {T}/run --tokenizer {T}/tokenizer --out {T}/model")
    run(training + " --steps 1 --init-from {T}/model --out {T}/second")
    run("evaluate --config tiny --model {T}/model --held-out {H} --packages click --cases 1")

    records = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert {"loss", "tokens_per_second"} <= set(records[0])
    assert any("bits_per_byte" in record for record in records)
    assert (tmp_path / "run" / "checkpoint.pt").exists()
    shown = capsys.readouterr().out
    assert "bits per byte" in shown and "InfillScores(n_cases=1" in shown


@pytest.mark.parametrize(
    ("line", "name", "expected"),
    [
        ("train --minutes 3", "minutes", 3.0),
        ("train --until 10:45", "until", "10:45"),
        ("train --steps 7", "steps", 7),
        ("train --steps 7 --config small", "config", "small"),
        ("train --steps 7 --compile", "compile", True),
        ("train --steps 7 --save-minutes 1.5", "save_minutes", 1.5),
        ("train --steps 7 --evaluate-every 9", "evaluate_every", 9),
        ("train --steps 7 --init-from folder", "init_from", Path("folder")),
    ],
)
def test_options_arrive(line: str, name: str, expected: object, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = {}
    monkeypatch.setattr(commands, "train", lambda **options: seen.update(options))
    main([*line.split(), "--rows", "r", "--tokenizer", "t", "--out", "o"])
    assert seen[name] == expected


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("tokenizer --corpus {T} --out {T}/t", "has no documents.jsonl"),
        ("train --rows {T} --tokenizer {T} --out {T}/r --steps 1", "has no tokenizer.json"),
        ("train --config tiny --rows {T} --tokenizer {V} --out {T}/r --steps 1", "lacks rows of some stage"),
        ("export --checkpoint {T} --tokenizer {V} --out {T}/m", "has no checkpoint.pt"),
        ("heads --config tiny --model {T} --rows {T} --steps 1", "holds no model of this size"),
    ],
)
def test_bad_input_is_one_line(
    line: str, message: str, tmp_path: Path, tokenizer_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(line.format(T=tmp_path, V=tokenizer_folder).split()) == 2
    error = capsys.readouterr().err
    assert message in error and error.startswith("models.training: ") and error.count("\n") == 1


def test_a_time_of_day_is_checked(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="write it as HH:MM"):
        commands._budget(None, "noon", None, 0.0)
