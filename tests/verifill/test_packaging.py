"""What the project's files promise one another."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

from verifill import __version__

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SHIPPED = set(PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"])


def pinned() -> dict[str, str]:
    """Return the versions in constraints.txt by name."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def required(requirements: list[str]) -> set[str]:
    """Return the names of some requirements, Verifill's own extras left out."""
    names = {re.split(r"[\[<>=]", requirement)[0] for requirement in requirements}
    return names - {"verifill"}


def test_version_heads_the_changelog() -> None:
    """The newest entry of the changelog is the version of the code."""
    heads = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert heads[0] == __version__


def test_installed_version() -> None:
    """What is installed is what is in the checkout."""
    assert metadata.version("verifill") == __version__


@pytest.mark.parametrize("group", ["dependencies", "train", "export", "e2e", "dev"])
def test_dependencies_are_pinned_and_explained(group: str) -> None:
    """Each dependency has an exact version, and a reason in docs/dependencies.md."""
    project = PROJECT["project"]
    names = required(project["dependencies"] if group == "dependencies" else project["optional-dependencies"][group])
    assert names <= pinned().keys()
    reasons = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    assert [name for name in names if f"`{name}`" not in reasons] == []


def test_packages_are_shipped_and_typed() -> None:
    """Every package is in the wheel and says that it is typed; neither tests nor benches are."""
    packages = {path.parent.name for path in ROOT.glob("*/py.typed")}
    assert SHIPPED == packages | {"examples"}
    assert not {"tests", "bench"} & SHIPPED


@pytest.mark.parametrize("name", ["complete", "serve"])
def test_readme_lists_every_option(name: str) -> None:
    """The README's tables of options have a row for each option of the command."""
    import typer.main

    from verifill.cli import app

    command = typer.main.get_command(app).commands[name]  # type: ignore[attr-defined]
    declared = {name for parameter in command.params for name in parameter.opts if name.startswith("-")}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = readme.partition(f"### Options of `verifill {name}`\n")[2].partition("\n#")[0]
    listed = set(re.findall(r"^\| `(--?[a-z-]+)", table, re.MULTILINE))
    assert listed == declared - {"--help"}


def test_documented_paths_exist() -> None:
    """A file that documentation or a docstring names is there."""
    sources = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *(p for n in SHIPPED for p in (ROOT / n).rglob("*.py"))]
    named = {
        (name, source.name)
        for source in sources
        for name in re.findall(r"\b(?:docs|bench|tests)/[\w/.-]+\.(?:md|py)\b", source.read_text(encoding="utf-8"))
    }
    assert [pair for pair in sorted(named) if not (ROOT / pair[0]).is_file()] == []
