"""The expression that a piece of code ends with, read backwards."""

from __future__ import annotations

from functools import cache
from typing import Final

from analysis.source.state import Rules

_PAIRS: Final = {ord(")"): ord("("), ord("]"): ord("[")}


def primary_before(source: bytes, rules: Rules) -> str:
    """Return the primary expression that ``source`` ends with: names, member operators, calls and subscripts.

    Brackets that hold quotes are not looked through: "" then.
    """
    at = len(source)
    members = longest_first(rules.lexis.members)
    while True:
        at = _before_brackets(source, at)
        if at < 0:
            return ""
        start = at
        while start and source[start - 1] in rules.word:
            start -= 1
        if start == at:
            break
        at = start
        operator = next((sign for sign in members if source.endswith(sign, 0, at)), None)
        if operator is None:
            break
        at -= len(operator)
    return source[at:].decode("utf-8", "replace").strip()


def _before_brackets(source: bytes, at: int) -> int:
    """Return where the calls and subscripts begin that end at ``at``; -1 if they cannot be told."""
    while at and source[at - 1] in _PAIRS:
        wanted = [_PAIRS[source[at - 1]]]
        at -= 1
        while wanted and at:
            at -= 1
            byte = source[at]
            if byte in b"\"'`":
                return -1
            if byte in _PAIRS:
                wanted.append(_PAIRS[byte])
            elif byte in b"([":
                if byte != wanted.pop():
                    return -1
        if wanted:
            return -1
    return at


@cache
def longest_first(members: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """Return operators so that none stands behind one that it ends with."""
    return tuple(sorted(members, key=len, reverse=True))
