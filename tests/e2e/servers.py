"""Language servers that are not well: ``python -m tests.e2e.servers KIND``.

- ``crash``: says one line and ends
- ``old``: is of a version that nobody supports
- ``dies``: shakes hands, and ends half a second later
"""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path
from typing import NoReturn

from lsp_server.server import run_stdio
from lsp_server.settings import ServerSettings
from models.progress import Say

ROOT = Path(__file__).parents[2]
LAST_WORDS = "verifill: the settings cannot be read; mend verifill.toml"


def program(folder: Path, module: str, *arguments: str) -> Path:
    """Make an executable file that runs a module of the tests, whatever arguments an editor adds; return its path."""
    path = folder / f"verifill-{'-'.join((module.rpartition('.')[2], *arguments)).replace('/', '_')}"
    command = " ".join((sys.executable, "-m", module, *arguments))
    path.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec {command}\n', encoding="utf-8")
    path.chmod(0o755)
    return path


def load(say: Say) -> NoReturn:
    """Take for ever."""
    while True:
        time.sleep(60)


def main(kind: str) -> int:
    """Be a server of a kind."""
    if kind == "crash":
        sys.stderr.write(f"{LAST_WORDS}\n")
        return 1
    if kind == "dies":
        threading.Timer(0.5, os._exit, (1,)).start()
    code = run_stdio(load, ServerSettings(version="0.0.1" if kind == "old" else "9.9"))
    os._exit(code)  # the thread that loads will never end


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
