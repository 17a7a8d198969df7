"""The one error of this package."""

from __future__ import annotations


class ModelError(Exception):
    """A checkpoint, a tokenizer or a device cannot be used.

    The message is one line that names the cause and the mend; it is shown to users as it is.
    """


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message, short enough to be quoted; its type if it has none."""
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".:;")[:160] if lines else type(error).__name__
