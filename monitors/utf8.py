"""Monitor ``utf8``: the middle is Unicode text.

Vocabularies hold tokens that are parts of characters.  What they spell together has to be UTF-8,
and the middle may not end inside a character.  Sound: documents are sequences of characters.
"""

from __future__ import annotations

import codecs

from analysis.facts import FactView
from analysis.lexing import LexicalState
from monitors.base import EVERYTHING, FORBIDDEN, Factless, Kind, Lexed, Selective, Site, bits

_DECODER = codecs.getincrementaldecoder("utf-8")

# Beyond it lie the surrogates, which the decoder refuses only when they are complete.
_LAST_BEHIND_ED = b"\x9f"

_NOT_ASCII = bits(range(128, 256))


class Utf8(Factless, Selective):
    """One request.

    A state is the beginning of the character that is being written, b"" between characters, or
    None behind bytes that are no text.
    """

    name = "utf8"
    kind = Kind.SOUND

    def __init__(self, site: Site) -> None:
        """Watch one request; the site does not matter."""

    def start(self) -> bytes | None:
        """Return the state between two characters."""
        return b""

    def step(self, state: bytes | None, text: Lexed, view: FactView) -> tuple[float, bytes | None]:
        """Forbid what is no UTF-8, and an end inside a character."""
        if text.is_suffix:
            return (0.0 if state == b"" else FORBIDDEN), state
        if state == b"" and text.data.isascii():
            return 0.0, state
        after = _unfinished(state, text.data)
        return (FORBIDDEN if after is None else 0.0), after

    def hears(self, state: bytes | None, scan: LexicalState) -> int:
        """Return what is no ASCII; inside a character, everything."""
        return _NOT_ASCII if state == b"" else EVERYTHING


def _unfinished(state: bytes | None, data: bytes) -> bytes | None:
    if state is None:
        return None
    decoder = _DECODER()
    try:
        decoder.decode(state + data)
    except UnicodeDecodeError:
        return None
    unfinished = decoder.getstate()[0]
    return None if unfinished[:1] == b"\xed" and unfinished[1:2] > _LAST_BEHIND_ED else unfinished
