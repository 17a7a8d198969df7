"""The user's private folder where running engines are found, and each engine's files in it."""

from __future__ import annotations

import contextlib
import json
import os
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from completion.hosts.errors import EngineError
from completion.hosts.lock import Lock


@dataclass(frozen=True)
class Record:
    """What a running engine says of itself, for its user alone.

    Attributes:
        pid: Its process.
        address: Where it listens, ``address.connect``.
        secret: For the handshake, hexadecimal.
        started: Seconds since the epoch.
    """

    pid: int
    address: str
    secret: str
    started: float


@dataclass(frozen=True)
class EngineFiles:
    """The files of one engine, running or not."""

    folder: Path
    key: str

    @property
    def lock(self) -> Path:
        """Held by the engine for its life."""
        return self.folder / f"{self.key}.lock"

    @property
    def socket(self) -> Path:
        """Where it listens, if paths of that length may be sockets here."""
        return self.folder / f"{self.key}.sock"

    @property
    def log(self) -> Path:
        """What it and its libraries print; kept if it ends with an error."""
        return self.folder / f"{self.key}.log"

    @property
    def _record(self) -> Path:
        return self.folder / f"{self.key}.json"

    def read_record(self) -> Record | None:
        """Return the record, or None if there is none; its engine may have died since."""
        try:
            return Record(**json.loads(self._record.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def write_record(self, record: Record) -> None:
        """Write the record, all of it or nothing, for the user's eyes only."""
        descriptor, name = tempfile.mkstemp(dir=self.folder)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(asdict(record), file)
            os.replace(name, self._record)
        except OSError:  # no room
            os.unlink(name)
            raise

    def lead_to(self, record: Record) -> bool:
        """Whether fronts find the engine that wrote a record: what tidies up temporary folders may be in their way."""
        kind, _, where = record.address.partition(":")
        return self.read_record() == record and (kind != "unix" or os.path.exists(where))

    def remove(self) -> None:
        """Remove what would lead fronts to an engine that is none any more.  The caller holds the lock."""
        for path in (self._record, self.socket):
            with contextlib.suppress(OSError):
                path.unlink()

    def is_running(self) -> bool:
        """Whether an engine holds the lock; what a dead one left is removed."""
        if not self.lock.exists():
            return False
        lock = Lock.take(self.lock)
        if lock is None:
            return True
        self.remove()
        lock.release()
        return False


def engines(folder: Path) -> Iterator[EngineFiles]:
    """Yield the files of all running engines, and remove those of dead ones."""
    for path in sorted(folder.glob("*.lock")):
        files = EngineFiles(folder, path.stem)
        if files.is_running():
            yield files


def run_folder() -> Path:
    """Return the folder, which is made if need be.

    Raises:
        EngineError: Others may write there.
    """
    folder = _place()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
    except OSError as error:
        raise EngineError(f"cannot make the folder {folder}: {error.strerror}; use --in-process") from error
    if os.name != "nt" and not _is_private(found):
        raise EngineError(f"{folder} may be used by others; remove it, or give it to yourself with mode 0700")
    return folder


def _place() -> Path:
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "verifill" / "run"
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if os.path.isabs(runtime):  # a relative one is to be ignored, says the specification
        return Path(runtime) / "verifill"
    return Path(tempfile.gettempdir()) / f"verifill-{os.getuid()}"


def _is_private(found: os.stat_result) -> bool:
    """Whether this is a real folder (no link) of the user, closed to others."""
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077
