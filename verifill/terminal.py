"""What the command line says while it works and when it is done."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from models.progress import Say, silent
from verifill.explain.look import Look


@contextmanager
def working(message: str) -> Iterator[Say]:
    """Show on standard error, if a person reads it, that something takes a while; what is yielded tells what."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield silent
        return
    with console.status(message, spinner="dots") as status:
        yield lambda words: status.update(f"{message}: {words}")


def screen() -> tuple[Console, Look]:
    """Return standard output for people, and what it can show."""
    console = Console(highlight=False, soft_wrap=False)
    return console, Look.of(console)


def note(message: str) -> None:
    """Say something on standard error."""
    sys.stderr.write(f"verifill: {message}\n")
