"""Importing: light, without effect, and possible for every module."""

from __future__ import annotations

import pkgutil
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from models.checkpoint_files import EMBEDDED

ROOT = Path(__file__).parents[2]
PACKAGES = ("verifill", "lsp_server", "http_api", "completion", "decoding", "monitors", "models", "analysis")

HEAVY = (
    "torch",
    "transformers",
    "tokenizers",
    "jedi",
    "tree_sitter",
    "pygls",
    "starlette",
    "uvicorn",
    "typer",
    "rich",
    "numpy",
)


def fresh(code: str) -> str:
    """Run code in a fresh interpreter and return what it printed; warnings are errors there."""
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize(
    ("code", "allowed"),
    [
        ("import verifill", ()),
        ("import verifill; verifill.CompletionResult", ()),
        ("import verifill.__main__", ()),
        ("import verifill.cli", ("typer", "rich")),
        ("import verifill.headless", ("rich",)),
        ("import models.checkpoints", ("tokenizers", "numpy")),
    ],
)
def test_light(code: str, allowed: tuple[str, ...]) -> None:
    """What is imported first imports nothing heavy."""
    loaded = fresh(f"{code}\nimport sys\nprint(*(name for name in {HEAVY} if name in sys.modules))").split()
    assert set(loaded) <= set(allowed)


def test_completing_needs_no_transformers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkpoint like the embedded one is loaded and completes without the libraries that take longest to import."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = shutil.copytree(EMBEDDED, tmp_path / "checkpoint")
    code = f"""
import sys
from completion.types import CompletionRequest, Document, Limits
from verifill.options import ModelOptions
from verifill.wiring import host_for, open_service
service = open_service(host_for(ModelOptions({str(folder)!r}), in_process=True))
document = Document({str(tmp_path / "a.py")!r}, "x = ")
result = service.complete_now(CompletionRequest(document, 4, {str(tmp_path)!r}, limits=Limits(max_tokens=4)))
service.close()
print(len(result.tokens) > 0, *{{"torch", "transformers", "huggingface_hub", "jedi"}} & set(sys.modules))
"""
    assert fresh(code).split() == ["True", "torch"]


def test_unknown_name() -> None:
    """A name that the package does not have is an AttributeError, as for any module."""
    fresh(
        "import verifill\ntry:\n    verifill.nothing\nexcept AttributeError as e:\n    assert 'nothing' in str(e)\n"
        "else:\n    raise SystemExit(1)"
    )


@pytest.mark.slow
def test_every_module() -> None:
    """Every module can be imported, and importing prints nothing."""
    names = sorted(
        module.name
        for package in PACKAGES
        for module in pkgutil.walk_packages([str(ROOT / package)], f"{package}.")
        if not module.name.endswith("__main__")
    )
    assert len(names) > 50
    assert fresh("\n".join(f"import {name}" for name in names)) == ""
