"""Errors that end the command line, and their exit codes."""

from __future__ import annotations

BROKEN = 1
BAD_INPUT = 2
NO_MODEL = 3
INTERRUPTED = 130


class Failure(Exception):
    """The command cannot go on.

    The message is one line that names the cause and the mend; it is shown as it is.

    Attributes:
        code: Exit code of the program.
    """

    def __init__(self, message: str, code: int = BAD_INPUT) -> None:
        """Make an error with a message and an exit code."""
        super().__init__(message)
        self.code = code
