"""Telling a person who waits what is being done.  Importing this is cheap."""

from __future__ import annotations

from collections.abc import Callable

# Told now and then, in a few words, what is being done.
Say = Callable[[str], None]

_GB = 10**9

# What is smaller is there before anybody has read a percentage.
_WORTH_TELLING = _GB


def silent(words: str) -> None:
    """Tell nobody."""


class Share:
    """How much of something is done, told at whole percents, if there is much to do."""

    def __init__(self, say: Say, action: str, n_bytes: int) -> None:
        """Take what is done, "reading", and how much of it there is."""
        self._say = say
        self._action = action
        self._n_bytes = n_bytes
        self._done = 0
        self._told = -1

    def advance(self, n_bytes: int) -> None:
        """Count more bytes as done."""
        self._done += n_bytes
        percent = min(100, self._done * 100 // max(self._n_bytes, 1))
        if percent > self._told and self._n_bytes >= _WORTH_TELLING:
            self._told = percent
            self._say(f"{self._action} {self._n_bytes / _GB:.1f} GB, {percent}%")
