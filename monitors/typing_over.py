"""What both bracket monitors keep of a text, and the rules of typing over.

Brackets and quotes that follow right behind the cursor may be written again in their order, as in an editor;
the stop policy cuts them off.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

LINE_ENDS: Final = b"\r\n"


@dataclass(frozen=True, slots=True)
class Progress:
    """State of a bracket monitor.

    Attributes:
        ahead: Bytes of the typed part to come; they are the user's.
        over: What of the cursor's line may still be typed over; None before that begins.
        free: Nothing is constrained any more.
        dead: Something forbidden was written.
    """

    ahead: int = 0
    over: bytes | None = None
    free: bool = False
    dead: bool = False


DEAD: Final = Progress(dead=True)
FREE: Final = Progress(free=True)


def type_over(rest: bytes, byte: int) -> Progress:
    """Return the state after one more byte, ``rest`` being what may still be typed over."""
    if byte in LINE_ENDS:
        return FREE
    if byte in b" \t":
        return Progress(over=rest)
    return Progress(over=rest[1:]) if rest[:1] == bytes((byte,)) else DEAD
