"""Asking engines how they do, and ending them; those of other builds, too."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Mapping
from typing import Any

from completion.hosts.address import connect
from completion.hosts.handshake import introduce
from completion.hosts.messages import AskStatus, Malformed, Status
from completion.hosts.run_folder import EngineFiles, Record

# Seconds for an answer, and for an end that leaves nothing behind.
PATIENCE_S = 5.0
_PAUSE_S = 0.05


def status_of(files: EngineFiles) -> Mapping[str, Any] | None:
    """Return what a running engine says of itself, or None if it says nothing."""
    record = files.read_record()
    return None if record is None else asyncio.run(_ask(record))


def stop(files: EngineFiles) -> bool:
    """End a running engine, by force if need be; return whether it is gone."""
    signals = (signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM))
    return any(_signal(files, number) for number in signals)


async def _ask(record: Record) -> Mapping[str, Any] | None:
    with contextlib.suppress(OSError, Malformed, TimeoutError):
        async with asyncio.timeout(PATIENCE_S):
            channel = await connect(record.address)
            try:
                await introduce(channel, record.secret)
                channel.send(AskStatus())
                while (message := await channel.receive()) is not None:
                    if isinstance(message, Status):
                        return message.values
            finally:
                channel.abort()
    return None


def _signal(files: EngineFiles, number: signal.Signals) -> bool:
    """Send a signal to an engine and return whether it ends soon."""
    deadline = time.monotonic() + PATIENCE_S
    # The record is read again and again: an engine that has just begun has not written it yet.
    while files.is_running() and time.monotonic() < deadline:
        if (record := files.read_record()) is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(record.pid, number)
        time.sleep(_PAUSE_S)
    return not files.is_running()
