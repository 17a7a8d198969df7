"""Users without a home folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NoReturn

import pytest

from verifill.__main__ import have_a_home

pwd = pytest.importorskip("pwd")


def nobody(uid: int) -> NoReturn:
    raise KeyError(uid)


def test_a_user_whom_the_system_does_not_know(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every later look for the home folder finds one that is not there, where Python would give up."""
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(pwd, "getpwuid", nobody)
    with pytest.raises(RuntimeError):
        Path.home()
    have_a_home()
    assert not Path.home().exists()


def test_a_home_stays(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whoever has one keeps it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    have_a_home()
    assert os.environ["HOME"] == str(tmp_path)
