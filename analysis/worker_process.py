"""What all worker processes share: where they import from, how they end, and that they step back."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from typing import Any


def worker_variables() -> dict[str, str]:
    """Return the environment variables of a worker: its import path holds Verifill and nothing of the user's."""
    here = str(Path(__file__).resolve().parents[1])
    ours = {"PYTHONPATH": here, "PYTHONDONTWRITEBYTECODE": "1"}
    return {**{k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}, **ours}


def own_group() -> dict[str, Any]:
    """Return what keeps Ctrl-C from the worker, and lets it be killed together with its children.

    A group of this session: Linux weighs sessions against each other first, and in one of its own the worker's
    niceness would mean nothing.
    """
    if os.name == "nt":
        return {"creationflags": 0x200 | 0x4000}  # CREATE_NEW_PROCESS_GROUP, BELOW_NORMAL_PRIORITY_CLASS
    return {"process_group": 0}


def end_group(process: subprocess.Popen[Any]) -> None:
    """Kill a process and its children; on Windows jedi's helper ends by itself when its pipe closes."""
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
