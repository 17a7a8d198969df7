"""Which files of a workspace are found."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from analysis import source_files as module
from analysis.source_files import SourceFile, source_files


def make(root: Path, *names: str) -> None:
    """Make files, each newer than the one before."""
    for age, name in enumerate(names):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x = 1\n")
        os.utime(path, (1_000 + age, 1_000 + age))


def found(root: Path) -> list[str]:
    """Return the names that are found."""
    files = source_files(str(root), lambda path: "secret" in path)
    return [str(Path(file.path).relative_to(root)) for file in files]


def test_newest_first(tmp_path: Path) -> None:
    """What was changed last comes first, wherever it is."""
    make(tmp_path, "a.py", "deep/er/b.py", "c.pyi")
    assert found(tmp_path) == ["c.pyi", "deep/er/b.py", "a.py"]


def test_what_is_not_the_projects_own_is_passed_over(tmp_path: Path) -> None:
    """Folders of tools, hidden ones, other kinds of files, what must not be read, and empty files."""
    make(tmp_path, "a.py", ".venv/b.py", "venv/b.py", "node_modules/b.py", "c.txt", "secret.py", "secret/d.py")
    (tmp_path / "empty.py").touch()
    assert found(tmp_path) == ["a.py"]


def test_all_languages_with_statements_are_found(tmp_path: Path) -> None:
    """Code is, in any spelling of the ending; data and prose are not."""
    make(tmp_path, "a.go", "b.TSX", "c.h", "d.rb", "package.json", "lock.yaml", "README.md", "index.html")
    assert found(tmp_path) == ["d.rb", "c.h", "b.TSX", "a.go"]


def test_links_are_not_followed(tmp_path: Path) -> None:
    """A link leads out of the workspace, or in a circle."""
    make(tmp_path, "inside/a.py", "outside/b.py")
    (tmp_path / "inside" / "link.py").symlink_to(tmp_path / "outside" / "b.py")
    (tmp_path / "inside" / "circle").symlink_to(tmp_path)
    assert found(tmp_path / "inside") == ["a.py"]


def test_work_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that are too large, too many files and too many entries are left."""
    make(tmp_path, "a.py", "b.py", "c.py", "d/e.py")
    (tmp_path / "large.py").write_text("x" * (module.MOST_FILE_BYTES + 1))
    assert found(tmp_path) == ["d/e.py", "c.py", "b.py", "a.py"]
    monkeypatch.setattr(module, "MOST_FILES", 2)
    assert found(tmp_path) == ["d/e.py", "c.py"]
    monkeypatch.setattr(module, "MOST_ENTRIES", 2)
    assert found(tmp_path) == ["b.py", "a.py"]


def test_no_folder(tmp_path: Path) -> None:
    """A folder that is not there has no files."""
    assert source_files(str(tmp_path / "none"), lambda path: False) == []


def test_a_changed_file_is_noticed(tmp_path: Path) -> None:
    """Other contents, other times and no file at all are not the file that was looked at."""
    make(tmp_path, "a.py")
    (file,) = source_files(str(tmp_path), lambda path: False)
    assert file.is_current()
    assert not SourceFile(file.path, file.mtime_ns + 1, file.size).is_current()
    (tmp_path / "a.py").write_text("x = 22\n")
    assert not file.is_current()
    (tmp_path / "a.py").unlink()
    assert not file.is_current()
