"""Verifill completes code; static analysis checks every name while it is written.

>>> import verifill
>>> result = verifill.complete(prefix="import math\nprint(math.", suffix=")\n")  # doctest: +SKIP
>>> result.text, result.certificate  # doctest: +SKIP
('sqrt(2)', '1 name checked against Python 3.11')

Importing this package loads nothing heavy: what it offers is imported on first use.
"""

from __future__ import annotations

__version__ = "0.8.0"
__all__ = ["Completer", "CompletionResult", "__version__", "complete"]

# A plain name instead of typing's: under `python -m` this file runs while a `typing.py` in the
# working directory would still shadow the standard library's.  Type checkers know the name.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from completion.types import CompletionResult
    from verifill.api import Completer, complete


def __getattr__(name: str) -> object:
    """Import the public names when they are first asked for."""
    if name in ("Completer", "complete"):
        from verifill import api

        return getattr(api, name)
    if name == "CompletionResult":
        from completion import types

        return types.CompletionResult
    raise AttributeError(f"module 'verifill' has no attribute {name!r}")
