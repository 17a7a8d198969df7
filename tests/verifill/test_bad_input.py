"""Bad input: one line that says what is wrong, exit code 2 or 3, and no traceback."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from decoding.drafters.registry import BUILDERS
from monitors.registry import NAMES
from tests.models import tiny_checkpoints, tiny_tokenizers
from verifill.cli import run


def check(capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, message: str) -> None:
    """Run the command line and compare its exit code and all that it prints."""
    assert run(arguments) == code
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == f"verifill: {message}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with some files, as the working directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ok.py").write_text("x = 1\n")
    (tmp_path / "binary.py").write_bytes(b"\x7fELF\0\0")
    (tmp_path / "latin.py").write_bytes(b"# -*- coding: latin-1 -*-\nname = '\xe9'\n")
    (tmp_path / "folder.py").mkdir()
    os.mkfifo(tmp_path / "pipe.py")
    with (tmp_path / "huge.py").open("wb") as huge:
        huge.truncate(16_000_001)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("complete", "Missing argument 'FILE:LINE[:COL]'."),
        ("complete ok.py", "expected FILE:LINE or FILE:LINE:COL, as in app.py:12:8; got 'ok.py'"),
        ("complete gone.py:1", "cannot read 'gone.py': No such file or directory"),
        ("complete ok.py:3", "ok.py has 2 lines; there is no line 3"),
        ("complete ok.py:1:9", "line 1 of ok.py has 5 characters; there is no column 9"),
        ("complete binary.py:1", "binary.py is a binary file (it has a NUL byte)"),
        ("complete latin.py:1", "latin.py is not UTF-8 (byte 0xe9 in line 2); save it as UTF-8"),
        ("complete folder.py:1", "folder.py is a directory; name a file in it"),
        ("complete pipe.py:1", "pipe.py is not a regular file"),
        ("complete huge.py:1", "huge.py has 16,000,001 bytes; files over 16,000,000 are not completed"),
        ("complete ok.py:1 --nonsense", "No such option: --nonsense (Possible options: --seed)"),
        ("complete ok.py:1 extra", "Got unexpected extra argument(s) (extra)"),
        ("complete ok.py:1 --device", "Option '--device' requires an argument."),
        ("complete ok.py:1 -n 0", "Invalid value for '-n': Input should be greater than or equal to 1"),
        (
            "complete ok.py:1 --facts x",
            "Invalid value for '--facts': 'x' is not one of 'wait', 'live', 'none', 'replay:LOG'.",
        ),
        ("complete ok.py:1 --monitors x", f"unknown monitor 'x'; known are {', '.join(NAMES)}"),
        ("complete ok.py:1 --drafters x", f"unknown drafter 'x'; known are {', '.join(BUILDERS)}"),
        ("complete ok.py:1 --json --explain", "--explain and --json contradict each other; give one of them"),
        (
            "complete ok.py:1 --no-monitors --monitors heal",
            "--no-monitors and --monitors contradict each other; give one of them",
        ),
        ("complete ok.py:1 --workspace gone", "--workspace gone is not a folder"),
        (
            "complete ok.py:1 --python gone",
            "--python: gone is not a program that can be run; name a Python interpreter",
        ),
        (
            "complete ok.py:1 --python folder.py",
            "--python: folder.py holds no Python environment; name an interpreter or its environment's folder",
        ),
        ("lsp --nonsense", "No such option: --nonsense"),
        ("compleat", "No such command 'compleat'. Did you mean 'complete'?"),
    ],
)
def test_bad_arguments(capsys: pytest.CaptureFixture[str], folder: Path, arguments: str, message: str) -> None:
    """What cannot be read or understood ends with code 2."""
    check(capsys, arguments.split(), 2, message)


def cut_weights(model: Path) -> None:
    """Leave half of the weights."""
    weights = model / "model.safetensors"
    os.truncate(weights, weights.stat().st_size // 2)


def remove_weights(model: Path) -> None:
    """Leave none."""
    (model / "model.safetensors").unlink()


def remove_tokenizer(model: Path) -> None:
    """Leave weights alone."""
    (model / "tokenizer.json").unlink()


def leave_a_pickle(model: Path) -> None:
    """Leave the weights under the name of a pickle."""
    (model / "model.safetensors").rename(model / "pytorch_model.bin")


def pack_weights(model: Path) -> None:
    """Store the weights as integers."""
    weights = load_file(model / "model.safetensors")
    save_file({name: weight.to(torch.int8) for name, weight in weights.items()}, model / "model.safetensors")


def take_another_tokenizer(model: Path) -> None:
    """Put one without fill-in-the-middle tokens beside the weights."""
    tiny_tokenizers.gpt2().save(str(model / "tokenizer.json"))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (leave_a_pickle, "model tiny has pickled weights, which can run code; save it as safetensors first"),
        (pack_weights, "model tiny has weights in I8, and its configuration does not say how they are packed"),
        (take_another_tokenizer, "model has no fill-in-the-middle tokens; choose a code model trained for infilling"),
        (cut_weights, "model tiny: weight file model.safetensors is truncated or damaged"),
        (remove_weights, "model tiny has no weights"),
        (remove_tokenizer, "model tiny has no tokenizer.json"),
    ],
)
def test_bad_model(
    capsys: pytest.CaptureFixture[str], folder: Path, damage: Callable[[Path], None], message: str
) -> None:
    """A model that cannot be loaded ends with code 3."""
    damage(tiny_checkpoints.save(folder / "tiny"))
    capsys.readouterr()  # transformers shows how it saves
    assert run(["complete", "ok.py:1", "--model", "tiny"]) == 3
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(f"verifill: {message}")
    assert printed.err.count("\n") == 1


def test_no_such_model(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """A model that is not there is named, with what could be given."""
    message = "no folder ./gone; give a checkpoint folder or a hub id such as Qwen/Qwen2.5-Coder-0.5B"
    check(capsys, ["complete", "ok.py:1", "--model", "./gone"], 3, message)
