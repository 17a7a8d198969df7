"""`verifill trace`: the page holds what happened, and is enough to write the same text again."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from http_api.pages import data_of
from tests.lsp_server.wire import ROOT
from tests.models.tiny_checkpoints import save
from verifill import trace as traces
from verifill.cli import run
from verifill.options import CompleteOptions, Dtype, ModelOptions

CODE = """class Account:
    def __init__(self):
        self.balance = 0

    def deposit(self, amount):
        self.balance += amount
        print(self.)
"""
PLACE = ":7:20"
FORGIVING = "lexical,brackets,dereference"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint with random weights."""
    folder = tmp_path_factory.mktemp("checkpoint")
    save(folder)
    return folder


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The code in a project."""
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "pyproject.toml").touch()
    path = tmp_path / "work" / "account.py"
    path.write_text(CODE)
    return path


def written(file: Path, model: Path, out: Path, *more: str) -> Any:
    """Write a trace and return what it holds."""
    arguments = ["-o", str(out), "--model", str(model), "--dtype", "float32", "--monitors", FORGIVING, *more]
    assert run(["trace", f"{file}{PLACE}", "--max-tokens", "12", *arguments]) == 0
    text = out.read_text()
    return json.loads(text) if out.suffix == ".json" else data_of(text)


def test_a_trace_is_written_again_elsewhere(
    file: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither the file nor its project are needed any more; another text is told as such."""
    out = tmp_path / "trace.html"
    trace = written(file, model, out)
    assert (trace["trace"], trace["request"]["document"]["text"], trace["request"]["offset"]) == (1, CODE, 146)
    assert trace["result"]["trace"]["facts"]
    assert capsys.readouterr().err == f"verifill: trace of {len(trace['result']['tokens'])} tokens in {out}\n"
    file.unlink()
    assert run(["trace", "--replay", str(out)]) == 0
    assert capsys.readouterr().out == f"the same text: {trace['result']['text']!r}\n"
    plain = tmp_path / "trace.json"
    trace["result"]["text"] = "something else"
    plain.write_text(json.dumps(trace))
    assert run(["trace", "--replay", str(plain)]) == 1
    assert capsys.readouterr().out.startswith("another text\n  traced: 'something else'\n  now:    ")


def test_a_trace_as_json(file: Path, model: Path, tmp_path: Path) -> None:
    """A file that is called so holds the object alone."""
    trace = written(file, model, tmp_path / "trace.json", "--facts", "none", "--seed", "3")
    assert list(trace) == ["trace", "version", "model", "request", "facts", "result"]
    assert trace["request"]["sampling"]["seed"] == 3
    assert trace["result"]["trace"]["facts"] == []
    assert trace["model"] == {"name": str(model), "dtype": "float32", "device": "cpu"}


def test_a_file_whose_name_is_no_text(file: Path, model: Path, tmp_path: Path) -> None:
    """Its page says a question mark and can be written again."""
    odd = file.rename(file.with_name("a\udce9.py"))
    trace = written(odd, model, tmp_path / "trace.html", "--facts", "none")
    assert trace["request"]["document"]["path"] == str(odd)
    assert "<title>a?.py" in (tmp_path / "trace.html").read_text()
    assert run(["trace", "--replay", str(tmp_path / "trace.html")]) == 0


def test_options_arrive(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each option of the command changes what it names."""
    calls: list[tuple[object, ...]] = []
    monkeypatch.setattr(traces, "write", lambda *arguments: calls.append(arguments))
    monkeypatch.setattr(traces, "again", lambda *arguments: calls.append(arguments) or 1)
    assert run(["trace", "a.py:1"]) == 0
    wishes = (
        "--workspace w --max-tokens 7 --temperature 0.5 --seed 2 --monitors none --drafters none --strictness 2 "
        "--facts live --python py --trust --model m --dtype float64 --device cuda --draft-model d -o t.json"
    )
    assert run(["trace", "a.py:1", *wishes.split()]) == 0
    assert run(["trace", "--replay", "t.json"]) == 1
    options = CompleteOptions(
        workspace=Path("w"),
        max_tokens=7,
        temperature=0.5,
        seed=2,
        monitors=(),
        drafters=(),
        strictness=2.0,
        facts="live",
        python="py",
        trust=True,
    )
    assert calls == [
        ("a.py:1", CompleteOptions(), ModelOptions(), Path("trace.html")),
        ("a.py:1", options, ModelOptions("m", Dtype.FLOAT64, "cuda", "d"), Path("t.json")),
        (Path("t.json"),),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("<html></html>", "holds no trace"),
        ("nonsense", "holds no trace"),
        ("[]", "holds no trace that this version of Verifill can read"),
        ('{"trace": 99}', "holds no trace that this version of Verifill can read"),
        ('{"trace": 1}', "holds a broken trace (KeyError)"),
    ],
)
def test_no_trace(tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, message: str) -> None:
    """What is no trace is told in one line."""
    (tmp_path / "t").write_text(content)
    assert run(["trace", "--replay", str(tmp_path / "t")]) == 2
    assert capsys.readouterr().err == f"verifill: {tmp_path / 't'} {message}\n"


@pytest.mark.parametrize("arguments", [[], ["a.py:1", "--replay", "t"]])
def test_either_a_place_or_a_trace(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    """Both or neither make no sense."""
    assert run(["trace", *arguments]) == 2
    assert capsys.readouterr().err == "verifill: give either a place, FILE:LINE[:COL], or --replay TRACE\n"


def test_a_page_that_cannot_be_written(file: Path, model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The cause is told in one line."""
    out = file.parent / "none" / "t.html"
    assert run(["trace", f"{file}{PLACE}", "-o", str(out), "--model", str(model), "--max-tokens", "1"]) == 2
    assert capsys.readouterr().err == f"verifill: cannot write {str(out)!r}: No such file or directory\n"


def test_the_command_line_loads_no_web_framework() -> None:
    """Reading a trace's page needs none."""
    script = "import sys; import verifill.trace; print('starlette' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout == "False\n"
