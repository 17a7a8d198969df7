"""How a front comes to an engine: by its record, or by starting one."""

from __future__ import annotations

import asyncio
import os
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path

from completion.hosts.address import connect
from completion.hosts.base import EngineSettings
from completion.hosts.build import build_id
from completion.hosts.channel import Channel
from completion.hosts.errors import EngineError
from completion.hosts.handshake import introduce
from completion.hosts.messages import Malformed
from completion.hosts.run_folder import EngineFiles

# An engine listens before it imports anything slow: after half a second, unless the machine is very busy.
PAUSE_S = 0.02
ATTEMPTS = 1500

# About once a second; the program's files are looked through for it.
BUILD_ATTEMPTS = 50

# A log is continued from engine to engine until it has so many bytes.
_LOG_BYTES = 1_000_000


@dataclass(frozen=True)
class Finder:
    """Finds or starts the engine of some settings.

    Attributes:
        settings: Which engine.
        command: Starts it; of several started at once one stays, and the others end with code 0.
        folder: The run folder.
        build: Of this program, as it was imported.
    """

    settings: EngineSettings
    command: tuple[str, ...]
    folder: Path
    build: str

    @property
    def files(self) -> EngineFiles:
        """Where the engine is found."""
        return EngineFiles(self.folder, self.settings.key(self.build))

    async def find_or_start(self) -> Channel:
        """Return a channel to the engine, started if need be.  Fronts that do this at once get the same engine.

        Raises:
            EngineError: It does not start, or does not let this front in.
        """
        child: subprocess.Popen[bytes] | None = None
        for attempt in range(ATTEMPTS):
            if (channel := await self.find()) is not None:
                return channel
            if attempt % BUILD_ATTEMPTS == 0:
                self._check_build()
            if child is None or child.returncode == 0:
                child = self._start()
            elif child.returncode is not None:
                log = f"{self.files.log}, which is empty where the disk is full"
                raise EngineError(f"the engine ends with code {child.returncode} when it starts; see {log}")
            await asyncio.sleep(PAUSE_S)
        raise EngineError(f"the engine does not listen after {ATTEMPTS * PAUSE_S:.0f} s; see {self.files.log}")

    async def find(self) -> Channel | None:
        """Return a channel to the engine, or None if none listens.

        Raises:
            EngineError: It does not let this front in.
        """
        record = self.files.read_record()
        if record is None:
            return None
        try:
            channel = await connect(record.address)
        except OSError:
            return None
        try:
            challenge = await introduce(channel, record.secret)
        except ConnectionAbortedError:
            return None
        except Malformed as error:
            if not self.files.is_running():  # it has died, and its port is another program's by now
                return None
            raise EngineError(f"process {record.pid} is {error}; verifill engine stop ends it") from None
        if challenge.build != self.build:
            channel.abort()
            raise EngineError("the engine found is one of another version of Verifill; restart this program")
        return channel

    def _check_build(self) -> None:
        """See that a process that is started is the same program as this one."""
        if build_id() != self.build:
            raise EngineError("Verifill has been changed while this program ran; restart it")

    def _start(self) -> subprocess.Popen[bytes]:
        """Start a process that outlives this one; what it prints goes to the log."""
        try:
            log = os.open(self.files.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as error:
            raise EngineError(
                f"cannot write into {self.folder}: {error.strerror}; see that it is yours and has room"
            ) from error
        try:
            if os.fstat(log).st_size > _LOG_BYTES:
                os.ftruncate(log, 0)
            child = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
            )
        except OSError as error:
            raise EngineError(f"the engine cannot be started: {error.strerror}") from error
        finally:
            os.close(log)
        # Somebody has to take note of its end, or the system keeps the dead process.
        threading.Thread(target=child.wait, name="engine-end", daemon=True).start()
        return child
