"""``verifill lsp``: the language server over the service."""

from __future__ import annotations

from lsp_server.server import run_stdio
from lsp_server.settings import ServerSettings
from verifill import __version__
from verifill.options import ModelOptions
from verifill.surroundings import interpreter
from verifill.wiring import host_for, open_service


def serve(model: ModelOptions, python: str | None, trust: bool, in_process: bool) -> int:
    """Serve one editor until it leaves, and return the exit code.

    Raises:
        Failure: The interpreter cannot be used.
    """
    settings = ServerSettings(version=__version__, command={"python": interpreter(python)}, trusted=trust)
    return run_stdio(lambda say: open_service(host_for(model, in_process, say)), settings)
