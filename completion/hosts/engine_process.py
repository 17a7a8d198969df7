"""The life of an engine process: lock, listen, tell where, serve, leave nothing behind."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import time
from collections.abc import Callable
from pathlib import Path

from completion.hosts.address import listen
from completion.hosts.base import EngineSettings, HostedFactory
from completion.hosts.build import build_id
from completion.hosts.errors import EngineError
from completion.hosts.lock import Lock
from completion.hosts.run_folder import EngineFiles, Record
from completion.hosts.server import EngineServer

IDLE_S = 30 * 60.0


class AlreadyRunning(EngineError):
    """There is such an engine."""


def run_engine(
    settings: EngineSettings, factory: HostedFactory, folder: Path, idle_s: float, ready: Callable[[], None]
) -> signal.Signals | None:
    """Be the engine with these settings until a signal comes, which is returned, or nobody has needed it for long.

    Args:
        settings: Under which fronts look for it.
        factory: Loads the model.
        folder: The run folder.
        idle_s: Seconds without a request after which it ends.
        ready: Called when the model is loaded.

    Raises:
        AlreadyRunning: Another process is this engine.
        Exception: Whatever ``factory`` raised.
    """
    files = EngineFiles(folder, settings.key(build_id()))
    lock = Lock.take(files.lock)
    if lock is None:
        raise AlreadyRunning("an engine with these settings runs already; see verifill engine status")
    try:
        listener, address = listen(files.socket)
        secret = secrets.token_hex(32)
        files.write_record(Record(os.getpid(), address, secret, time.time()))
        ended_by = asyncio.run(EngineServer(factory, secret, idle_s).run(listener, ready))
        files.log.unlink(missing_ok=True)
        return ended_by
    finally:
        files.remove()
        lock.release()
