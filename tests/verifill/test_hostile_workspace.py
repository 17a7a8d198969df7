"""A workspace whose packages are called like ours, with an interpreter of its own and settings that name it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.models import tiny_checkpoints
from tests.verifill.test_imports import PACKAGES

TRAP = "raise SystemExit('the workspace was imported')\n"
OTHERS = ("torch", "json", "rich", "jedi", "gi")


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A folder full of traps, and a model out of its way."""
    folder = tmp_path / "work"
    for name in (*PACKAGES, *OTHERS):
        if name != "verifill":
            (folder / name).mkdir(parents=True)
            (folder / name / "__init__.py").write_text(TRAP)
    (folder / "conftest.py").write_text(TRAP)
    python = folder / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\ntouch '{folder}/executed'\n")
    python.chmod(0o755)
    (folder / "verifill.toml").write_text('python = ".venv/bin/python"\nmodel = "evil/model"\n')
    (folder / "setup.cfg").touch()
    (folder / "app.py").write_text("import models\nimport os\n\nhere = os.\nprint('<|fim_middle|>', here)\n")
    tiny_checkpoints.save(tmp_path / "tiny", tiny_checkpoints.qwen2(max_position_embeddings=2048))
    return folder


def snapshot(folder: Path) -> dict[str, bytes]:
    """Return all files with their contents."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.mark.slow
@pytest.mark.parametrize(
    "program", [[sys.executable, "-m", "verifill"], [str(Path(sys.executable).parent / "verifill")]]
)
def test_hostile_workspace(workspace: Path, program: list[str]) -> None:
    """Nothing of the workspace is imported, and nothing is written to it."""
    if not Path(program[0]).exists():
        pytest.fail("verifill is not installed in this environment; run make setup")
    before = snapshot(workspace)
    environment = {**os.environ, "XDG_CACHE_HOME": str(workspace.parent / "cache")}
    environment.pop("VIRTUAL_ENV", None)
    done = subprocess.run(
        [*program, "complete", "app.py:4", "--model", "../tiny", "--max-tokens", "4", "--explain"],
        cwd=workspace,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    python, model, quality = done.stderr.splitlines()
    assert python.startswith("verifill: verifill.toml: python: not to be set here, ")
    assert model.startswith("verifill: verifill.toml: model: not to be set here, ")
    assert "was not trained to fill in middles" in quality
    assert "here = os." in done.stdout
    assert snapshot(workspace) == before


def test_working_directory_leaves_the_path(tmp_path: Path) -> None:
    """`python -m verifill` does not import from the working directory, not even by name."""
    (tmp_path / "typer.py").write_text(TRAP)
    done = subprocess.run(
        [sys.executable, "-m", "verifill", "--version"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith("verifill "), done.stderr
