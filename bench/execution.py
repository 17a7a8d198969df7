"""Runs small programs that a model has written a part of, each in a process and a folder of its own, with limits.

That keeps mistakes from doing harm; it is no wall against malice.  Do not run it as root with a model that you
have reason to distrust.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

SECONDS = 10
MEMORY_BYTES = 2 << 30
FILE_BYTES = 1 << 20

# Ends a program that ran to its end, and nothing else: ``sys.exit()`` on the way is no success.
_REACHED = 97
_LAST_LINE = f"\nimport os as _os\n_os._exit({_REACHED})\n"

_LAUNCHER = f"""
import resource, sys
for kind, most in (("CPU", {SECONDS}), ("AS", {MEMORY_BYTES}), ("FSIZE", {FILE_BYTES}), ("CORE", 0)):
    resource.setrlimit(getattr(resource, "RLIMIT_" + kind), (most, most))
with open(sys.argv[1], encoding="utf-8") as opened:
    source = opened.read()
exec(compile(source, "program.py", "exec"), {{"__name__": "__main__"}})
"""


def runs_to_its_end(source: str, seconds: float = SECONDS) -> bool:
    """Run a program with the standard library alone, and say whether it reached its last line in time.

    Args:
        source: The program; an exception, an exit or a crash is a failure, and so is text that does not parse.
        seconds: Wall-clock time that it has.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        program = Path(folder, "program.py")
        program.write_text(source + _LAST_LINE, encoding="utf-8", errors="replace")
        child = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _LAUNCHER, program.name],
            cwd=folder,
            env={"PATH": os.defpath, "HOME": folder, "TMPDIR": folder, "PYTHONHASHSEED": "0"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            return child.wait(seconds) == _REACHED
        except subprocess.TimeoutExpired:
            return False
        finally:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def all_run(sources: Sequence[str], at_once: int = 2) -> list[bool]:
    """Run several programs, a few at a time; see ``runs_to_its_end``."""
    with ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(runs_to_its_end, sources))
