"""What all worker processes share: where they import from, the pipe to them, how they end, and that they step back."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

# Names of the largest modules take a tenth of it.
LONGEST_LINE = 8 << 20


class WorkerError(Exception):
    """The worker died, was killed because it took too long, or talks nonsense; the message says which."""


class LineProcess:
    """A worker that is told and tells one JSON object a line; for one thread, except ``kill``."""

    def __init__(self, command: Sequence[str], folder: str, variables: Mapping[str, str]) -> None:
        """Start the process without waiting for it.

        Args:
            command: Program and arguments.
            folder: Working directory.
            variables: All its environment variables.

        Raises:
            OSError: It cannot be started.
        """
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env=variables,
            encoding="utf-8",
            **own_group(),
        )
        self._killing = threading.Lock()

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    def write(self, message: Mapping[str, Any]) -> None:
        """Tell the worker something.

        Raises:
            WorkerError: It has ended.
        """
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(message) + "\n")
            self._process.stdin.flush()
        except (OSError, ValueError) as error:
            raise WorkerError("the worker has ended") from error

    def read(self) -> dict[str, Any]:
        """Wait for what the worker tells next.

        Raises:
            WorkerError: It has ended, or that was no JSON object.
        """
        assert self._process.stdout is not None
        try:
            line = self._process.stdout.readline(LONGEST_LINE)
        except (OSError, ValueError) as error:
            raise WorkerError("the worker has ended") from error
        if not line.endswith("\n"):
            raise WorkerError("the worker has ended")
        try:
            message = json.loads(line)
        except ValueError as error:
            raise WorkerError("the answer makes no sense") from error
        if not isinstance(message, dict):
            raise WorkerError("the answer makes no sense")
        return message

    @contextlib.contextmanager
    def deadline(self, seconds: float) -> Iterator[None]:
        """Kill the process unless the block is left in time; its pipes then end, and so does the block."""
        timer = threading.Timer(seconds, self.kill)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()

    def kill(self) -> None:
        """End the process and its children, and collect it; may be called from any thread, more than once.

        The children end also where the process has died before: until it is collected, its group is its own.
        """
        with self._killing:
            if self._process.returncode is None:
                end_group(self._process)
            self._process.wait()

    def close(self) -> None:
        """Kill and close the pipes; for the thread that asks."""
        self.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


def memory_of_group(group: int) -> int:
    """Return the bytes that the processes of a group hold in memory; 0 where the system does not tell."""
    held = 0
    with contextlib.suppress(OSError):
        for name in os.listdir("/proc"):
            if name.isdigit():
                held += _resident(name, group)
    return held


def _resident(process: str, group: int) -> int:
    """Return the bytes that a process holds in memory if it is one of a group."""
    try:
        with open(f"/proc/{process}/stat", encoding="utf-8", errors="replace") as file:
            values = file.read().rpartition(")")[2].split()
    except OSError:
        return 0
    return int(values[21]) * os.sysconf("SC_PAGE_SIZE") if int(values[2]) == group else 0


def worker_variables() -> dict[str, str]:
    """Return the environment variables of a worker: its import path holds Verifill and nothing of the user's."""
    here = str(Path(__file__).resolve().parents[1])
    return {**plain_variables(), "PYTHONPATH": here, "PYTHONDONTWRITEBYTECODE": "1"}


def plain_variables() -> dict[str, str]:
    """Return the environment variables without those that tell a Python how to run."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


def own_group() -> dict[str, Any]:
    """Return what keeps Ctrl-C from the worker, and lets it be killed together with its children.

    A group of this session: Linux weighs sessions against each other first, and in one of its own the worker's
    niceness would mean nothing.
    """
    if os.name == "nt":
        return {"creationflags": 0x200 | 0x4000}  # CREATE_NEW_PROCESS_GROUP, BELOW_NORMAL_PRIORITY_CLASS
    return {"process_group": 0}


def end_group(process: subprocess.Popen[Any]) -> None:
    """Kill a process and its children; on Windows those end by themselves when their pipes close."""
    if os.name == "nt":
        process.kill()
        return
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        process.kill()


def step_back() -> None:
    """Let everything else on the machine go first, where the system can."""
    if hasattr(os, "nice"):
        os.nice(19)
