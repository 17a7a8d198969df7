"""The token's file."""

from __future__ import annotations

from pathlib import Path

import pytest

from http_api.bearer import random_token, read_token

GOOD = b"0123456789abcdef"


@pytest.mark.parametrize("data", [GOOD, GOOD + b"\n", GOOD + b"\r\n", b"AZaz09._~+/-xyzt=="])
def test_token(tmp_path: Path, data: bytes) -> None:
    """A token is the file's one line."""
    path = tmp_path / "token"
    path.write_bytes(data)
    path.chmod(0o600)
    assert read_token(path) == data.decode().strip()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620, 0o601])
def test_others_may_use_it(tmp_path: Path, mode: int) -> None:
    """A file that others may read, write or run is refused, with the mend."""
    path = tmp_path / "token"
    path.write_bytes(GOOD)
    path.chmod(mode)
    with pytest.raises(ValueError, match=f"may be used by others .mode 0{mode:o}.; say chmod 600"):
        read_token(path)


@pytest.mark.parametrize("data", [b"", b"\n", b"tiny", GOOD + b" x", GOOD + b"\n" + GOOD, b"\xff" * 20, b"=" * 20])
def test_no_token(tmp_path: Path, data: bytes) -> None:
    """Anything else is no token, and the message does not show it."""
    path = tmp_path / "token"
    path.write_bytes(data)
    path.chmod(0o600)
    with pytest.raises(ValueError) as caught:
        read_token(path)
    message = f"{path} holds no token: one line of at least 16 letters, digits or any of ._~+/-"
    assert str(caught.value) == message


def test_no_file(tmp_path: Path) -> None:
    """A file that cannot be read is named."""
    with pytest.raises(ValueError, match="cannot read .*: No such file or directory"):
        read_token(tmp_path / "gone")
    with pytest.raises(ValueError, match="cannot read .*: Is a directory"):
        read_token(tmp_path)


def test_random(tmp_path: Path) -> None:
    """A random token is new each time and could stand in a file."""
    path = tmp_path / "token"
    path.write_text(random_token())
    path.chmod(0o600)
    assert read_token(path) != random_token()
