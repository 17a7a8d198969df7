"""The list of trusted folders."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from completion.trust import TrustError, distrust, is_trusted, trust, trusted_folders
from completion.user_folders import config_folder


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of a user who trusts nothing yet."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "project" / "package").mkdir(parents=True)
    return tmp_path / "project"


def the_list() -> Path:
    return config_folder() / "trusted.json"


def test_trust_holds_below_and_nowhere_else(project: Path) -> None:
    """Not above, not for a neighbour with a longer name."""
    assert not is_trusted(project)
    trust(project)
    neighbour = project.with_name("project2")
    neighbour.mkdir()
    assert is_trusted(project)
    assert is_trusted(project / "package")
    assert not is_trusted(project.parent)
    assert not is_trusted(neighbour)
    assert trusted_folders() == (project,)


def test_it_can_be_taken_back(project: Path) -> None:
    """What was never trusted by itself is not on the list."""
    trust(project)
    assert not distrust(project / "package")
    assert distrust(project)
    assert not is_trusted(project)


def test_links_count_as_what_they_lead_to(project: Path) -> None:
    """A link into a trusted folder is trusted; a link out of it is not."""
    outside = project.with_name("outside")
    outside.mkdir()
    (project / "out").symlink_to(outside)
    (outside / "in").symlink_to(project)
    trust(project)
    assert is_trusted(outside / "in")
    assert not is_trusted(project / "out")


def test_the_list_is_for_its_user_alone(project: Path) -> None:
    """File and folder, whatever the umask."""
    before = os.umask(0)
    try:
        trust(project)
    finally:
        os.umask(before)
    assert stat.S_IMODE(the_list().stat().st_mode) == 0o600
    assert stat.S_IMODE(the_list().parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_list_that_others_may_write_trusts_nothing(project: Path, mode: int) -> None:
    """And it is said why."""
    trust(project)
    the_list().chmod(mode)
    assert not is_trusted(project)
    with pytest.raises(TrustError, match="may be written by others"):
        trusted_folders()


@pytest.mark.parametrize("text", ["", "{}", "[1]", "\x00", '["/"'])
def test_a_broken_list_trusts_nothing(project: Path, text: str) -> None:
    """It is not overwritten either."""
    the_list().parent.mkdir(parents=True)
    the_list().write_text(text)
    the_list().chmod(0o600)
    assert not is_trusted(project)
    with pytest.raises(TrustError, match="mend or remove it"):
        trust(project)
    assert the_list().read_text() == text


def test_only_folders_are_trusted(project: Path) -> None:
    """A name that means nothing yet could mean anything later."""
    with pytest.raises(TrustError, match="is not a folder"):
        trust(project / "gone")
