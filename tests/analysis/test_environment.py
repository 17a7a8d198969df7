"""Which interpreter is taken for the user's, and which never is."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from analysis.environment import Choice, find_environment

BIN = "Scripts/python.exe" if os.name == "nt" else "bin/python"


def interpreter(folder: Path, name: str = BIN) -> str:
    """Make what looks like an environment's interpreter; running it would leave a trace."""
    python = folder / name
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\ntouch '{folder}/executed'\n")
    python.chmod(0o755)
    return str(python)


@pytest.fixture
def places(tmp_path: Path) -> dict[str, str]:
    """Return interpreters in the places where one may be, by place."""
    names = ("active", "conda", "workspace/.venv", "workspace/venv", "other")
    return {name: interpreter(tmp_path / name) for name in names}


# Variables set, trust, what the user names, the place whose interpreter is taken ("" for none), and why.
ROWS = (
    (("VIRTUAL_ENV", "CONDA_PREFIX"), True, "", "active", "VIRTUAL_ENV"),
    (("CONDA_PREFIX",), True, "", "conda", "CONDA_PREFIX"),
    (("VIRTUAL_ENV",), False, "", "active", "VIRTUAL_ENV"),
    ((), True, "", "workspace/.venv", "the workspace's .venv"),
    ((), False, "", "", "the workspace's .venv is not run before you trust the workspace"),
    (("VIRTUAL_ENV", "CONDA_PREFIX"), True, "other", "other", "named in a test"),
    (("VIRTUAL_ENV",), True, f"other/{BIN}", "other", "named in a test"),
)


@pytest.mark.parametrize(("variables", "trusted", "chosen", "expected", "why"), ROWS)
def test_order_of_search(
    tmp_path: Path,
    places: dict[str, str],
    variables: tuple[str, ...],
    trusted: bool,
    chosen: str,
    expected: str,
    why: str,
) -> None:
    """What the user names, then the activated environment, then a trusted workspace's own; nothing is executed."""
    folders = {"VIRTUAL_ENV": tmp_path / "active", "CONDA_PREFIX": tmp_path / "conda"}
    found = find_environment(
        tmp_path / "workspace",
        trusted,
        Choice(str(tmp_path / chosen) if chosen else "", "named in a test"),
        {name: str(folders[name]) for name in variables},
    )
    assert (found.path, found.why) == (places.get(expected, ""), why)
    assert found.untrusted == ("" if trusted or found.path else places["workspace/.venv"])
    assert not list(tmp_path.rglob("executed"))


OWN_ENVIRONMENT = pytest.mark.skipif(sys.prefix == sys.base_prefix, reason="Verifill runs in no environment of its own")


@OWN_ENVIRONMENT
def test_verifills_own_environment_is_passed_over(tmp_path: Path) -> None:
    """An activated environment that is Verifill's own does not count, also behind a link."""
    link = tmp_path / "link"
    link.symlink_to(sys.prefix)
    for folder in (sys.prefix, str(link)):
        assert find_environment(tmp_path, True, Choice(), {"VIRTUAL_ENV": folder}).path == ""


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ("nowhere", "nowhere is not a program that can be run; name a Python interpreter"),
        ("empty", "empty holds no Python environment; name an interpreter or its environment's folder"),
        ("text.txt", "text.txt is not a program that can be run; name a Python interpreter"),
        pytest.param(
            sys.executable,
            "is Verifill's own environment; name the interpreter of your project",
            marks=OWN_ENVIRONMENT,
        ),
    ],
)
def test_a_bad_choice_is_one_clear_line(tmp_path: Path, chosen: str, message: str) -> None:
    """What cannot be an interpreter is refused with its name and what to do."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.txt").write_text("")
    with pytest.raises(ValueError) as error:
        find_environment(tmp_path, True, Choice(str(tmp_path / chosen)), {})
    assert str(error.value).endswith(message)
    assert "\n" not in str(error.value)


def test_a_relative_choice_counts_from_the_workspace(tmp_path: Path, places: dict[str, str]) -> None:
    """A project's file says ``python = ".venv"``."""
    chosen = Choice(".venv", "pyproject.toml")
    assert find_environment(tmp_path / "workspace", True, chosen, {}).path == places["workspace/.venv"]
