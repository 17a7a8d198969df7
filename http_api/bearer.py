"""The bearer token: read from a file that only its owner can read, or made at random."""

from __future__ import annotations

import os
import re
import secrets
import stat
from pathlib import Path

LEAST_CHARACTERS = 16

# What RFC 6750 lets a bearer token be made of.
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")


def random_token() -> str:
    """Return a new token of 256 random bits."""
    return secrets.token_urlsafe(32)


def read_token(path: Path) -> str:
    """Return the token in a file; a line end behind it does not count.

    Raises:
        ValueError: The file cannot be read, others may read it, or it holds no usable token.
    """
    try:
        with path.open("rb") as file:
            info = os.fstat(file.fileno())
            data = file.read(4096)
    except OSError as error:
        raise ValueError(f"cannot read {str(path)!r}: {error.strerror}") from error
    if not stat.S_ISREG(info.st_mode):
        raise ValueError(f"{path} is not a regular file")
    if info.st_mode & 0o077:
        raise ValueError(f"{path} may be used by others (mode {info.st_mode & 0o777:04o}); say chmod 600 {path}")
    token = data.decode("ascii", "replace").strip()
    if len(token) < LEAST_CHARACTERS or not _TOKEN.fullmatch(token):
        raise ValueError(
            f"{path} holds no token: one line of at least {LEAST_CHARACTERS} letters, digits or any of ._~+/-"
        )
    return token
