"""Texts as clients send them."""

from __future__ import annotations

import re

# Half of a character outside the basic plane, which JSON can spell and no encoder takes.
_SURROGATE = re.compile("[\ud800-\udfff]")


def well_formed(text: str) -> str:
    """Return ``text`` with U+FFFD, which is as long in every encoding, for every lone surrogate.

    Programs that count in UTF-16 leave one where they cut a text in the middle of a character.
    """
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)
