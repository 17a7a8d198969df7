"""The wheel, installed as a user installs it, completes on its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from verifill import __version__

pytestmark = pytest.mark.slow


@pytest.fixture
def installed(wheel: Path, home: Mapping[str, str], tmp_path: Path) -> Path:
    """The program that pipx has installed from the wheel.

    The packages that it needs are those of this environment: half a gigabyte less to fetch.
    """
    pipx = shutil.which("pipx", path=Path(sys.executable).parent)
    if pipx is None:
        pytest.skip("pipx is not installed; make e2e installs it")
    environment = {**os.environ, **home, "PIPX_HOME": str(tmp_path / "pipx"), "PIPX_BIN_DIR": str(tmp_path / "bin")}
    needed = needed_packages(tmp_path)
    command = [pipx, "install", "--python", sys.executable, "--pip-args=--no-deps", "--preinstall", needed, wheel]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    program = tmp_path / "bin" / "verifill"
    python = program.resolve().with_name("python")
    where = subprocess.run(
        [python, "-P", "-c", "import verifill; print(verifill.__file__)"], capture_output=True, text=True
    )
    assert where.stdout.startswith(str(tmp_path)), "the checkout is not what is tested"
    return program


def needed_packages(folder: Path) -> Path:
    """Return a wheel that leads to the packages of this environment, their metadata included: pipx reads it."""
    path = folder / "needed-1-py3-none-any.whl"
    files = {
        "needed.pth": sysconfig.get_path("purelib"),
        "needed-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: needed\nVersion: 1\n",
        "needed-1.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files["needed-1.dist-info/RECORD"] = "".join(f"{name},,\n" for name in files)
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


def test_completes_in_an_empty_folder(installed: Path, home: Mapping[str, str], tmp_path: Path) -> None:
    """Model, monitors and examples are all in it."""
    folder = tmp_path / "empty"
    folder.mkdir()
    (folder / "app.py").write_text("import math\n\nprint(math.fl\n", encoding="utf-8")

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [installed, *arguments],
            cwd=folder,
            env={**os.environ, **home},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert run("--version").strip() == f"verifill {__version__}"
    result = json.loads(run("complete", "app.py:3", "--json", "--in-process"))
    assert result["text"].startswith("oor")
    assert "An everyday script" in run("demo")
