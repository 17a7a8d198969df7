"""Errors that cross from an engine to a front."""

from __future__ import annotations

import traceback

from completion.hosts.messages import Trouble
from models.errors import ModelError


class EngineError(Exception):
    """The engine process cannot be reached, or failed.

    The message is one line that names the cause and the mend; it never quotes the user's code.
    """


# The errors that fronts tell apart.
_KINDS: dict[str, type[Exception]] = {"model": ModelError, "value": ValueError}


def for_users(error: BaseException) -> str | None:
    """Return the text of an error that is written for users and quotes no code; None for any other."""
    return str(error) if isinstance(error, EngineError | ModelError) else None


def as_trouble(error: Exception) -> Trouble:
    """Return what a front is told of an error: its text if it is written for users, else where it was raised."""
    if isinstance(error, ModelError):
        return Trouble("model", str(error))
    if type(error) is ValueError:  # its subclasses are no answers to a request, and some quote it
        return Trouble("value", str(error))
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{type(error).__name__} in {frame.name}, line {frame.lineno}"
    return Trouble("engine", f"internal error in the engine, {where}; please report it")


def as_error(trouble: Trouble) -> Exception:
    """Return the error that a front raises: the one that the engine met, as far as it can be told."""
    return _KINDS.get(trouble.kind, EngineError)(trouble.text)
