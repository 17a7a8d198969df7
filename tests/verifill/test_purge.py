"""``verifill purge``: all that is kept goes, and nothing else."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from completion import statistics
from completion.statistics import Happening
from completion.trust import trust, trusted_folders
from completion.user_folders import cache_folder
from verifill.cli import run


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user who has used Verifill: caches, statistics, a trusted folder; and a link out of the cache."""
    for name in ("CONFIG", "CACHE", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    (cache_folder() / "jedi" / "deep").mkdir(parents=True)
    (cache_folder() / "jedi" / "deep" / "parsed.pkl").write_bytes(b"x" * 1500)
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "thesis.py").write_text("years of work")
    (cache_folder() / "index").symlink_to(tmp_path / "precious")
    (cache_folder() / "jedi" / "link").symlink_to(tmp_path / "precious")
    statistics.write(Happening(1, "shown", "python", 3))
    trust(tmp_path)
    return tmp_path


def test_it_says_what_and_removes_it(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Links are removed and not followed; what the user wrote stays."""
    assert run(["purge", "--yes"]) == 0
    printed = capsys.readouterr()
    assert f"parsed files: 1 file, 1.5 kB, {cache_folder() / 'jedi'}\n" in printed.out
    assert "statistics: 1 file, " in printed.out
    assert printed.err.startswith("verifill: removed 1.")
    assert list(cache_folder().iterdir()) == []
    assert not statistics.newest_file().exists()
    assert (home / "precious" / "thesis.py").read_text() == "years of work"
    assert trusted_folders() == (home,)


def test_a_second_time_there_is_nothing(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And no question."""
    assert run(["purge", "--yes"]) == run(["purge"]) == 0
    assert capsys.readouterr().err.endswith("verifill: nothing is kept\n")


def test_without_a_person_it_wants_to_be_told(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is removed."""
    assert run(["purge"]) == 2
    assert capsys.readouterr().err == "verifill: nobody is there to be asked; verifill purge --yes removes this\n"
    assert (cache_folder() / "jedi" / "deep").exists()


@pytest.mark.parametrize(("answer", "code", "left"), [("y\n", 0, False), ("n\n", 130, True), ("\n", 130, True)])
def test_a_person_is_asked(home: Path, monkeypatch: pytest.MonkeyPatch, answer: str, code: int, left: bool) -> None:
    """Only yes is yes."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal(answer))
    assert run(["purge"]) == code
    assert (cache_folder() / "jedi").exists() is left


def test_a_cache_that_is_a_link_is_not_followed(home: Path) -> None:
    """The folder that it leads to stays as it is."""
    (cache_folder() / "jedi" / "deep" / "parsed.pkl").rename(home / "parsed.pkl")
    jedi = cache_folder() / "jedi"
    jedi.rename(home / "elsewhere")
    jedi.symlink_to(home / "elsewhere")
    assert run(["purge", "--yes"]) == 0
    assert (home / "elsewhere" / "deep").exists()
    assert not jedi.is_symlink()
