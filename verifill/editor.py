"""``verifill lsp``: the language server over the service."""

from __future__ import annotations

from pathlib import Path

from lsp_server.server import run_stdio
from lsp_server.settings import ServerSettings
from verifill import __version__
from verifill.options import ModelOptions
from verifill.surroundings import interpreter_for
from verifill.wiring import host_for, open_service


def serve(model: ModelOptions, python: str | None, trust: bool, in_process: bool) -> int:
    """Serve one editor until it leaves, and return the exit code.

    Raises:
        Failure: The interpreter cannot be used.
    """
    settings = ServerSettings(version=__version__, environment=interpreter_for(Path.cwd(), python, trust))
    host = host_for(model, in_process)
    return run_stdio(lambda: open_service(host), settings)
