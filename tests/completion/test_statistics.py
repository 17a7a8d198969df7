"""The file of the statistics."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from completion import statistics
from completion.statistics import Happening, newest_file, older_file, read, write


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user of his own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def test_what_is_written_is_read() -> None:
    """In its order, in a file that only the user can read."""
    happenings = [Happening(1, "shown", "python", 12), Happening(2, "kept", "python", 12, 30, 7)]
    for one in happenings:
        write(one)
    assert list(read()) == happenings
    assert stat.S_IMODE(newest_file().stat().st_mode) == 0o600
    assert stat.S_IMODE(newest_file().parent.stat().st_mode) == 0o700


def test_it_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A full file becomes the old one, and the one before it goes."""
    monkeypatch.setattr(statistics, "MOST_BYTES", 500)
    for at in range(50):
        write(Happening(at, "shown", "python", 1))
    kept = [one.at for one in read()]
    assert kept == list(range(kept[0], 50))
    assert 0 < kept[0] < 48
    size = sum(path.stat().st_size for path in (newest_file(), older_file()) if path.exists())
    assert size < 3 * 500


def test_broken_lines_are_left_out() -> None:
    """What a full disk cut off, or somebody else wrote."""
    write(Happening(1, "shown", "python", 1))
    with newest_file().open("ab") as file:
        file.write(b'{"at": 1\n[]\n{"colour": 1}\n\xff\n')
    write(Happening(2, "shown", "python", 1))
    assert [one.at for one in read()] == [1, 2]


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """Somebody who can make links there does not choose what is written to."""
    newest_file().parent.mkdir(parents=True)
    newest_file().symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError):
        write(Happening(1, "shown", "python", 1))
    assert not (tmp_path / "elsewhere").exists()
