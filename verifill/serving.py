"""``verifill serve``: completions over HTTP."""

from __future__ import annotations

import signal
from pathlib import Path

from completion.hosts.memory import give_large_blocks_back
from completion.workspace import nearest_project
from http_api.address import Listener, listen
from http_api.bearer import random_token, read_token
from http_api.server import run
from http_api.settings import ServerSettings
from verifill import __version__
from verifill.errors import INTERRUPTED, Failure
from verifill.options import ModelOptions, ServeOptions
from verifill.surroundings import holding_at
from verifill.terminal import note
from verifill.wiring import host_for, open_service


def serve(model: ModelOptions, options: ServeOptions) -> int:
    """Serve until a signal comes, and return the exit code.

    Raises:
        Failure: The address, the token, the interpreter or the model cannot be used.
    """
    workspace = nearest_project(Path.cwd() / "untitled.py")
    held = holding_at(workspace, options.python, options.trust)
    token = _token(options.token_file)
    listener = _listen(options)
    settings = ServerSettings(
        version=__version__,
        token=token,
        workspace=str(workspace),
        hosts=listener.hosts,
        any_address=not listener.loopback,
        environment=held.interpreter.path,
        trusted=options.trust,
        exclude=held.settings.exclude,
        exclude_context=held.settings.exclude_context,
    )

    def started() -> None:
        if options.token_file is None:
            note(f"token: {token} (made for this run; --token-file names one that stays)")

    def ready() -> None:
        note(f"ready at {listener.url}")

    if not options.in_process:  # a model's passes would take all their blocks from the system
        give_large_blocks_back()
    host = host_for(model, options.in_process)
    stopped_by = run(lambda: open_service(host), settings, listener, started, ready)
    return INTERRUPTED if stopped_by is signal.SIGINT else 0


def _token(path: Path | None) -> str:
    if path is None:
        return random_token()
    try:
        return read_token(path)
    except ValueError as error:
        raise Failure(f"--token-file: {error}") from error


def _listen(options: ServeOptions) -> Listener:
    try:
        listener = listen(options.host, options.port)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise Failure(f"cannot listen on {options.host} port {options.port}: {reason}") from error
    if not listener.loopback and options.token_file is None:
        listener.socket.close()
        raise Failure(f"--host {options.host} can be reached from other machines; give --token-file, too")
    return listener
