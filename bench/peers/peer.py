"""The seam between a program that writes tokens and the bench, and programs in processes of their own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

# Ends a program when this one ends, in whatever way, and has no part in it otherwise (prctl of Linux).
_TIED = "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 9); os.execv(sys.argv[1], sys.argv[1:])"


class PeerError(Exception):
    """A program does not do what is asked; the message says which and what to do."""


class Written(NamedTuple):
    """What one request brought.

    Attributes:
        tokens: Ids, the one that ended the text included.
        seconds: What the program took, without the way there and back.
    """

    tokens: tuple[int, ...]
    seconds: float


class Peer(Protocol):
    """Writes greedily behind prompts."""

    def write(self, prompt: Sequence[int], most: int) -> Written:
        """Write at most so many tokens, fewer if the model ends its text before.

        Raises:
            PeerError: No answer came.
        """


@dataclass(frozen=True)
class Way:
    """One way to have tokens written.

    Attributes:
        name: As results show it.
        peer: Writes them.
        warm: It keeps keys and values for the next keystroke; one that does not is asked less often.
    """

    name: str
    peer: Peer
    warm: bool = True


@contextmanager
def running(
    command: Sequence[str], environment: Mapping[str, str] | None = None, **pipes: Any
) -> Iterator[subprocess.Popen[str]]:
    """Run a program, which is killed at the end in every case.

    Args:
        command: Absolute path of the program, and its arguments.
        environment: All its variables; None for ours.
        pipes: What ``Popen`` shall do with its streams.
    """
    process = subprocess.Popen([sys.executable, "-I", "-c", _TIED, *command], env=environment, text=True, **pipes)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()
