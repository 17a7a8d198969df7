"""The life of an engine process: lock, listen, tell where, serve, leave nothing behind."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import socket
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
    """Be the engine with these settings until a signal comes, which is returned, or nobody needs or finds it any more.

    Args:
        settings: Under which fronts look for it.
        factory: Loads the model.
        folder: The run folder.
        idle_s: Seconds without a request after which it ends.
        ready: Called when the model is loaded.

    Raises:
        AlreadyRunning: Another process is this engine.
        EngineError: The run folder cannot be written to.
        Exception: Whatever ``factory`` raised.
    """
    files = EngineFiles(folder, settings.key(build_id()))
    lock = _lock_of(files)
    try:
        listener, record = _appear(files)

        def is_found() -> bool:
            return lock.is_in_place() and files.lead_to(record)

        ended_by = asyncio.run(EngineServer(factory, record.secret, idle_s, is_found).run(listener, ready))
        if lock.is_in_place():
            files.log.unlink(missing_ok=True)
        return ended_by
    finally:
        if lock.is_in_place():  # else the files are another engine's
            files.remove()
        lock.release()


def _lock_of(files: EngineFiles) -> Lock:
    try:
        lock = Lock.take(files.lock)
    except OSError as error:
        raise _unwritable(files, error) from error
    if lock is None:
        raise AlreadyRunning("an engine with these settings runs already; see verifill engine status")
    return lock


def _appear(files: EngineFiles) -> tuple[socket.socket, Record]:
    """Listen, and write down where."""
    try:
        listener, address = listen(files.socket)
    except OSError as error:
        raise _unwritable(files, error) from error
    record = Record(os.getpid(), address, secrets.token_hex(32), time.time())
    try:
        files.write_record(record)
    except OSError as error:
        listener.close()
        raise _unwritable(files, error) from error
    return listener, record


def _unwritable(files: EngineFiles, error: OSError) -> EngineError:
    return EngineError(f"cannot write into {files.folder}: {error.strerror}; see that it is yours and has room")
