"""The rest of the cursor's line, as something the model may write again."""

from __future__ import annotations

from typing import Final

_CLOSING: Final = frozenset(b")]}\"' \t,;:")
_CLOSERS: Final = b")]}\"' \t"


def typed_over(remainder: bytes) -> bytes:
    """Return what may be typed over: a rest of closing brackets, quotes and ``, ; :``, without blanks.

    The model does not see such a rest, since its suffix begins with the next line; it writes
    these bytes again or leaves them out.  Any other rest may not be typed over: b"".
    """
    if not all(byte in _CLOSING for byte in remainder):
        return b""
    return remainder.translate(None, b" \t")


def closed_next(remainder: bytes) -> bytes:
    """Return the closing brackets and quotes that the remainder begins with, without blanks.

    A model that writes them wants to write what is there: the middle ends before them.
    """
    return remainder[: len(remainder) - len(remainder.lstrip(_CLOSERS))].translate(None, b" \t")
