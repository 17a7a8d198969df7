"""The words of code: names as they are written, and the words that they are made of."""

from __future__ import annotations

import re

_NAME = re.compile(r"[^\W\d]\w+")
_PART = re.compile(r"[^\W\d_]{2,}")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def words_of(text: str) -> list[str]:
    """Return the words, in order and in lower case; names of several words count whole and in parts.

    >>> words_of("get_user(HTTPError)")
    ['get_user', 'get', 'user', 'httperror', 'http', 'error']
    """
    found: list[str] = []
    for match in _NAME.finditer(text):
        name = match[0]
        found.append(name.lower())
        parts = [part.lower() for piece in _PART.findall(name) for part in _HUMP.split(piece)]
        if len(parts) > 1:
            found += parts
    return found
