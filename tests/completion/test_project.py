from __future__ import annotations

import os
from pathlib import Path

import pytest

from completion.project import options_of, project_settings
from completion.settings.files import MOST_BYTES
from monitors.automata import BUILT_IN, read_automaton
from monitors.options import Ban, Options


def write(folder: Path, text: str, name: str = "pyproject.toml") -> Options:
    (folder / name).write_text(text)
    return options_of(str(folder), 2.0)


def test_settings_of_a_project(tmp_path: Path) -> None:
    """Each key arrives; the user's strictness is his own."""
    options = write(
        tmp_path,
        '[tool.verifill]\nsecrets = true\ntypestate = ["files"]\n'
        '[tool.verifill.banned]\n"os.system" = "subprocess.run"\neval = ""\n',
    )
    assert options.banned == (Ban("os.system", "subprocess.run"), Ban("eval"))
    assert (options.secrets, options.strictness) == (True, 2.0)
    assert [automaton.name for automaton in options.automata] == ["files"]


def test_a_file_of_its_own_counts_first(tmp_path: Path) -> None:
    """In verifill.toml the keys stand at the top; pyproject.toml is not looked at then."""
    write(tmp_path, "[tool.verifill]\nsecrets = true\n")
    assert write(tmp_path, "banned = { eval = '' }\n", "verifill.toml") == Options(2.0, (Ban("eval"),))


def test_without_settings(tmp_path: Path) -> None:
    """No file, no table, and a file that nobody wrote by hand ask for nothing."""
    assert options_of(str(tmp_path), 1.0) == Options()
    assert write(tmp_path, "[tool.ruff]\n") == Options(2.0)
    assert write(tmp_path, "[tool.verifill]\nsecrets = true\n" + "#" * MOST_BYTES) == Options(2.0)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("secrets = 1", "pyproject.toml: secrets: 1 is neither true nor false; keys are not looked for"),
        ("banned = ['a']", "pyproject.toml: banned: write a table of names"),
        ("banned = {'a-b' = ''}", "pyproject.toml: banned: 'a-b' is not a name"),
        ("banned = {a.b = ''}", "pyproject.toml: banned: the value of a is not a text"),
        ("typestate = 'files'", "pyproject.toml: typestate: write a list of names of built-in automata"),
        (
            "typestate = ['../up.toml']",
            "pyproject.toml: typestate: '../up.toml' is neither one of connections, files, locks",
        ),
        ("typestate = ['bad.toml']", "pyproject.toml: typestate: bad.toml: the table [states] is missing"),
    ],
)
def test_bad_values(tmp_path: Path, text: str, complaint: str) -> None:
    """One line names the key and what holds instead; the rest of the settings is used."""
    (tmp_path / "bad.toml").write_text("[created]\na = 'b'\n")
    assert write(tmp_path, f"[tool.verifill]\n{text}\n") == Options(2.0)
    (problem,) = project_settings(str(tmp_path)).problems
    assert problem.startswith(complaint)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("banned = {eval = '', exec = 5}", Options(2.0, (Ban("eval"),))),
        ("typestate = ['files', 'nonsense']", Options(2.0, automata=(read_automaton(BUILT_IN["files"]),))),
    ],
)
def test_a_bad_entry_costs_itself_alone(tmp_path: Path, text: str, kept: Options) -> None:
    """The other entries count, and one line says so."""
    assert write(tmp_path, f"[tool.verifill]\n{text}\n") == kept
    (problem,) = project_settings(str(tmp_path)).problems
    assert problem.endswith("; this entry is left out")


def test_changes_are_seen(tmp_path: Path) -> None:
    """A file that is written again is read again."""
    assert write(tmp_path, "[tool.verifill]\nsecrets = true\n").secrets
    (tmp_path / "pyproject.toml").write_text("[tool.verifill]\nsecrets = false\n")
    os.utime(tmp_path / "pyproject.toml", ns=(1, 1))
    assert not options_of(str(tmp_path), 1.0).secrets
