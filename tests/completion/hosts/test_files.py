"""The lock, the record, and which program it is."""

from __future__ import annotations

import asyncio
import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from completion.hosts.base import EngineSettings
from completion.hosts.build import build_id
from completion.hosts.engine_process import run_engine
from completion.hosts.errors import EngineError
from completion.hosts.finding import Finder
from completion.hosts.lock import Lock
from completion.hosts.run_folder import EngineFiles, Record, engines, run_folder

RECORD = Record(1, "unix:/nowhere", "00", 0.0)


def test_a_lock_is_held_by_one(tmp_path: Path) -> None:
    """A second one gets it when the first lets go, and the file does not stay."""
    path = tmp_path / "x.lock"
    first = Lock.take(path)
    assert first is not None
    assert Lock.take(path) is None
    first.release()
    second = Lock.take(path)
    assert second is not None
    second.release()
    assert not path.exists()


def test_a_lock_dies_with_its_process(tmp_path: Path) -> None:
    """What a process held when it was killed is free."""
    path = tmp_path / "x.lock"
    code = f"""
import os
from pathlib import Path
from completion.hosts.lock import Lock
assert Lock.take(Path({str(path)!r}))
os.kill(os.getpid(), 9)
"""
    subprocess.run([sys.executable, "-c", code], check=False, cwd=Path(__file__).parents[3])
    assert path.exists()
    lock = Lock.take(path)
    assert lock is not None
    lock.release()


def test_a_lock_whose_file_was_removed_leaves_the_next_ones(tmp_path: Path) -> None:
    """Its holder can tell, and does not take the next holder's file away."""
    path = tmp_path / "x.lock"
    first = Lock.take(path)
    assert first is not None and first.is_in_place()
    path.unlink()
    assert not first.is_in_place()
    second = Lock.take(path)
    assert second is not None
    first.release()
    assert second.is_in_place()
    assert Lock.take(path) is None
    second.release()


def test_a_full_disk_is_told_and_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither half a record nor the lock."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("completion.hosts.run_folder.json.dump", full)
    with pytest.raises(
        EngineError, match="cannot write into .*: No space left on device; see that it is yours and has room"
    ):
        run_engine(EngineSettings(), lambda say: pytest.fail("nothing is loaded"), tmp_path, 1.0, lambda: None)
    assert list(tmp_path.iterdir()) == []


def test_a_log_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """Before anything is started."""
    finder = Finder(EngineSettings(), ("false",), tmp_path, build_id())
    finder.files.log.mkdir()
    with pytest.raises(EngineError, match="cannot write into"):
        asyncio.run(finder.find_or_start())


def test_a_run_folder_that_depends_on_the_working_directory_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine works in another directory than the front that starts it."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", "run")
    assert run_folder().is_absolute()


def test_leftovers_of_a_dead_engine_are_removed(tmp_path: Path) -> None:
    """Looking for engines tidies up after those that were killed."""
    files = EngineFiles(tmp_path, "key")
    files.write_record(RECORD)
    files.lock.touch()
    files.socket.touch()
    assert files.read_record() == RECORD
    assert list(engines(tmp_path)) == []
    assert list(tmp_path.iterdir()) == []


def test_damaged_record(tmp_path: Path) -> None:
    """It is none."""
    files = EngineFiles(tmp_path, "key")
    for text in ("", "{}", "[1]", '{"pid": 1'):
        (tmp_path / "key.json").write_text(text)
        assert files.read_record() is None


def test_build(tmp_path: Path) -> None:
    """A changed, added or newer file makes another build."""
    (tmp_path / "models").mkdir()
    file = tmp_path / "models" / "a.py"
    file.write_text("1")
    builds = [build_id(tmp_path), build_id(tmp_path)]
    file.write_text("22")
    builds.append(build_id(tmp_path))
    os.utime(file, ns=(0, 0))
    builds.append(build_id(tmp_path))
    (tmp_path / "models" / "b.py").touch()
    builds.append(build_id(tmp_path))
    assert builds[0] == builds[1]
    assert len(set(builds)) == 4


def test_keys() -> None:
    """Each build and each setting has an engine of its own."""
    changes = ({}, {"model": "m"}, {"dtype": "float64"}, {"device": "cpu"}, {"draft_model": "m"})
    settings = [EngineSettings(**change) for change in changes]
    assert len({one.key(build) for one in settings for build in ("a", "b")}) == 10
