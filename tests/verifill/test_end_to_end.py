"""The whole program on real files: by the command line and as a language server."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.lsp_server.wire import Client
from tests.models import tiny_checkpoints
from verifill.cli import run
from verifill.demo import examples_folder

UNSEEN = examples_folder() / "unseen" / "morning_round.py"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A model of a few thousand random weights."""
    folder = tmp_path_factory.mktemp("model") / "tiny"
    return str(tiny_checkpoints.save(folder, tiny_checkpoints.qwen2(max_position_embeddings=2048)))


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache folder that is thrown away."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    """Complete by the command line and return the object it prints."""
    capsys.readouterr()
    assert run(["complete", *arguments, "--json"]) == 0
    return dict(json.loads(capsys.readouterr().out))


ODD = {
    "empty": b"|",
    "byte order mark": b"\xef\xbb\xbfx = 1\ny = |",
    "carriage returns": b"def f():\r\n    return |\r\n",
    "tabs": b"def f():\n\treturn |\n",
    "form feed": b"x = 1\n\x0c\ny = |\n",
    "in a string": b"name = 'abc|def'\n",
    "in a comment": b"# to be |\nx = 1\n",
    "syntax errors": b"def (:\n  ]]] = |\nclass class\n",
    "special tokens": b"x = '<|fim_middle|><|endoftext|>'\ny = |\n<|fim_suffix|>\n",
    "astral": "é😀 = '\u2028'; b = |\n".encode(),
    "two megabytes": b"value = 'abc'  # "
    + b"x" * 60
    + b"\n" * 2
    + b"def f(a):\n    return a + 1\n" * 75_000
    + b"y = |\n",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", ODD)
def test_odd_files(capsys: pytest.CaptureFixture[str], tmp_path: Path, tiny: str, name: str) -> None:
    """Any text file gets an honest answer, and stays as it is."""
    before, _, after = ODD[name].partition(b"|")
    path = tmp_path / "odd.py"
    path.write_bytes(before + after)
    line = before.count(b"\n") + 1
    column = len(before.decode("utf-8-sig").rpartition("\n")[2]) + 1
    result = answer(capsys, f"{path}:{line}:{column}", "--model", tiny, "--max-tokens", "3", "--facts", "none")
    assert result["counters"]["new_tokens"] <= 3
    assert (result["text"] == "") == (result["reason"] is not None)
    assert path.read_bytes() == before + after
    assert [p.name for p in tmp_path.iterdir()] == ["odd.py"]


@pytest.mark.slow
def test_embedded_model(capsys: pytest.CaptureFixture[str]) -> None:
    """The embedded model completes on a library it has never seen, with and without drafters the same."""
    results = [answer(capsys, f"{UNSEEN}:11", "--drafters", names) for names in ("heal,monitor,copyspec", "none")]
    assert results[0]["model"] == "embedded"
    assert results[0]["text"] == results[1]["text"]
    assert results[0]["counters"]["forward_passes"] <= results[1]["counters"]["forward_passes"]
    assert results[0]["counters"]["facts"]["asked"] >= 1


@pytest.mark.slow
def test_language_server(tiny: str) -> None:
    """`verifill lsp` takes what editors pass along, and completes over real pipes."""
    arguments = ["lsp", "--in-process", "--stdio", "--clientProcessId", "1", "--model", tiny, "--dtype", "float32"]
    client = Client([sys.executable, "-m", "verifill", *arguments])
    client.ready()
    client.open("file:///w/a.py", "import os\nhere = os.\n")
    reply = client.reply(client.complete("file:///w/a.py", 1, 10, trigger=1))
    result = reply["result"]
    assert result is None or all(item["insertText"].startswith("here = os.") for item in result["items"])
    assert client.close() == 0


@pytest.mark.slow
def test_plain_output(capsys: pytest.CaptureFixture[str], tmp_path: Path, tiny: str) -> None:
    """Without --json and --explain standard output has the completion and nothing else."""
    path = tmp_path / "a.py"
    path.write_text("x = ")
    common = (f"{path}:1", "--model", tiny, "--max-tokens", "5", "--facts", "none")
    text = answer(capsys, *common)["text"]
    assert run(["complete", *common]) == 0
    printed = capsys.readouterr()
    assert printed.out == (f"{text}\n" if text else "")
    assert (printed.err == "") == bool(text)
