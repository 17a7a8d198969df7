"""The errors of this package."""

from __future__ import annotations


class ModelError(Exception):
    """A checkpoint, a tokenizer or a device cannot be used.

    The message is one line that names the cause and the mend; it is shown to users as it is.
    """


class DeviceError(ModelError):
    """The device is not there, or does not hold the model.

    Attributes:
        cause: What torch said.
    """

    def __init__(self, message: str, cause: str) -> None:
        """Take both."""
        super().__init__(message)
        self.cause = cause


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message, short enough to be quoted; its type if it has none."""
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".:;")[:160] if lines else type(error).__name__
