"""How an import statement may go on, word by word: the grammar of the reference manual, 7.11, as a table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from analysis.python.lexicon import ATOMS, KEYWORDS, LETTERS, WORD

_NAME: Final = b"<name>"
_ITEMS: Final = {
    "item": {b"as": "alias", b",": "more"},
    "alias": {_NAME: "named"},
    "named": {b",": "more"},
}
_TABLE: Final[Mapping[str, Mapping[bytes, str]]] = {
    "": {b"import": "module", b"from": "origin"},
    "module": {_NAME: "path"},
    "path": {b".": "module", b"as": "path alias", b",": "module"},
    "path alias": {_NAME: "path named"},
    "path named": {b",": "module"},
    "origin": {_NAME: "origin path", b".": "origin dots"},
    "origin dots": {_NAME: "origin path", b".": "origin dots", b"import": "names"},
    "origin path": {b".": "origin part", b"import": "names"},
    "origin part": {_NAME: "origin path"},
    "names": {_NAME: "item", b"*": "all", b"(": "(first"},
    "all": {},
    **_ITEMS,
    "more": {_NAME: "item"},
    "(first": {_NAME: "(item"},
    **{f"({state}": {word: f"({then}" for word, then in row.items()} for state, row in _ITEMS.items()},
    "(more": {_NAME: "(item"},
    ")": {},
}
"""State behind each word or sign that may come, by state; inside brackets states begin with one."""
_CLOSED_BEHIND: Final = frozenset(("(item", "(named", "(more"))
_OVER: Final = ";"
_WHOLE: Final = frozenset(("path", "path named", "all", "item", "named", ")", _OVER))
"""States in which the statement may be over."""

_TOKEN: Final = re.compile(rb"#[^\r\n]*|[\w\x80-\xff]+|\\(?=[\r\n]|\Z)|[^\s\w]")
_RESERVED: Final = KEYWORDS | ATOMS


def fits(line: bytes) -> bool:
    """Whether a logical line that begins with an import, and may end inside a word, can become an import statement.

    >>> fits(b"from .a import b a"), fits(b"from .a import b ax"), fits(b"from .a import (b.")
    (True, False, False)
    """
    state, word = _read(line)
    if state is None or state == _OVER or not word:
        return state is not None
    return any(then.startswith(word) for then in _TABLE[state]) or (_NAME in _TABLE[state] and word[0] in LETTERS)


def is_whole(line: bytes) -> bool:
    """Whether a logical line is an import statement, or begins with one and a semicolon.

    >>> is_whole(b"from .a import b"), is_whole(b"from .a import b,"), is_whole(b"import a; 1")
    (True, False, True)
    """
    state, word = _read(line)
    return (_behind(state, word) if word and state is not None else state) in _WHOLE


@lru_cache(maxsize=256)
def _read(line: bytes) -> tuple[str | None, bytes]:
    """Return the state behind the finished words of a line, None if they have no place, and the unfinished word."""
    tokens = [token for token in _TOKEN.findall(line) if token[:1] not in (b"#", b"\\")]
    word = tokens.pop() if tokens and line[-1] in WORD and line.endswith(tokens[-1]) else b""
    state = ""
    for token in tokens:
        behind = _behind(state, token)
        if behind is None:
            return None, b""
        state = behind
    return state, word


def _behind(state: str, token: bytes) -> str | None:
    """Return the state behind a word or sign; None where it has no place."""
    if state == _OVER or (token == b";" and state in _WHOLE):
        return _OVER
    if token == b")":
        return ")" if state in _CLOSED_BEHIND else None
    row = _TABLE[state]
    if token in row:
        return row[token]
    return row.get(_NAME) if token[0] in LETTERS and token not in _RESERVED else None
