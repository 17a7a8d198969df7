"""How the program ends when it does not end by itself."""

from __future__ import annotations

import subprocess
import sys

import pytest

from verifill import headless
from verifill.cli import run


def failing(error: BaseException) -> object:
    """Return a stand-in for the command that raises."""

    def complete(*arguments: object) -> None:
        raise error

    return complete


def test_interrupt(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Control-C ends quietly with the code that shells expect."""
    monkeypatch.setattr(headless, "complete", failing(KeyboardInterrupt()))
    assert run(["complete", "a.py:1"]) == 130
    assert capsys.readouterr() == ("", "")


def test_internal_error(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A bug is one line that says how to see more."""
    monkeypatch.setattr(headless, "complete", failing(TypeError("two\nlines")))
    monkeypatch.delenv("VERIFILL_TRACEBACK", raising=False)
    assert run(["complete", "a.py:1"]) == 1
    line = "internal error, TypeError: two lines; VERIFILL_TRACEBACK=1 shows where. Please report it"
    assert capsys.readouterr() == ("", f"verifill: {line}\n")
    monkeypatch.setenv("VERIFILL_TRACEBACK", "1")
    with pytest.raises(TypeError):
        run(["complete", "a.py:1"])


def test_reader_leaves() -> None:
    """Output that nobody reads is no error."""
    program = subprocess.Popen(
        [sys.executable, "-m", "verifill", "complete", "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert program.stdout is not None and program.stderr is not None
    program.stdout.close()
    errors = program.stderr.read()
    program.stderr.close()
    program.wait()
    assert errors == b""
