"""A lock that one process holds until it ends, however it ends."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _try_lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


class Lock:
    """A file that is locked.  The system unlocks it when the process dies, so it is never stale."""

    def __init__(self, path: Path, descriptor: int) -> None:
        """Hold the lock that ``take`` took."""
        self._path = path
        self._descriptor = descriptor

    @classmethod
    def take(cls, path: Path) -> Lock | None:
        """Take the lock, or return None if another process holds it.

        Raises:
            OSError: The file cannot be opened.
        """
        while True:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                _try_lock(descriptor)
            except OSError:
                os.close(descriptor)
                return None
            lock = cls(path, descriptor)
            # Its last holder may have removed the file between our opening and our locking it.
            if lock.is_in_place():
                return lock
            os.close(descriptor)

    def is_in_place(self) -> bool:
        """Whether others who want the lock find this one: somebody may have removed its file."""
        try:
            return os.path.samestat(os.fstat(self._descriptor), self._path.stat())
        except OSError:
            return False

    def release(self) -> None:
        """Remove the file, unless it is another one by now, and let the lock go."""
        if self.is_in_place():
            with contextlib.suppress(OSError):
                self._path.unlink()
        os.close(self._descriptor)
