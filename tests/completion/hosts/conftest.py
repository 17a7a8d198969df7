"""A run folder for each test, and no engine left behind."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from completion.hosts import control
from completion.hosts.process import ProcessHost
from completion.hosts.remote import RemoteService
from completion.hosts.run_folder import EngineFiles, engines, run_folder
from tests.completion.hosts.scripted_engine import SETTINGS

ROOT = Path(__file__).parents[3]
SCRIPTED = (sys.executable, "-m", "tests.completion.hosts.scripted_engine")


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The run folder; its path is short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="vf") as base:
        monkeypatch.setenv("XDG_RUNTIME_DIR", base)
        monkeypatch.setenv("PYTHONPATH", str(ROOT))
        found = run_folder()
        yield found
        for files in engines(found):
            assert control.stop(files)


@pytest.fixture
def front(folder: Path) -> Iterator[Callable[..., RemoteService]]:
    """Open fronts on the scripted engine, which is started with the arguments given."""
    services: list[RemoteService] = []

    def open_front(*arguments: str) -> RemoteService:
        services.append(ProcessHost(SETTINGS, (*SCRIPTED, *arguments)).open())
        return services[-1]

    yield open_front
    for service in services:
        service.close()


@pytest.fixture
def only_engine(folder: Path) -> Callable[[], EngineFiles]:
    """Return the one engine that runs."""

    def find() -> EngineFiles:
        (files,) = engines(folder)
        return files

    return find


def pid_of(files: EngineFiles) -> int:
    """Return an engine's process."""
    record = files.read_record()
    assert record is not None
    os.kill(record.pid, 0)
    return record.pid
