"""What is left of a suggestion when the user has typed its beginning.

Pure functions on texts; where editors close brackets and quotes by themselves, a suggestion survives that too.
"""

from __future__ import annotations

from collections.abc import Iterator

_CLOSERS = ")]}\"'`"
_PAIRS = {"(": ")", "[": "]", "{": "}"}
_QUOTES = frozenset("\"'`")

# Editors close what was opened just now; nobody opens more than this between two requests.
MOST_CLOSERS = 4


def closed_by_editor(behind: str) -> Iterator[str]:
    """Yield what an editor may have put behind the cursor by itself: nothing, then one closer more each time."""
    yield ""
    for length in range(1, MOST_CLOSERS + 1):
        if behind[length - 1 : length] not in _CLOSERS or len(behind) < length:
            return
        yield behind[:length]


def rest_of(text: str, typed: str, closers: str = "") -> str:
    """Return what is still to be inserted, "" if nothing is or the text says something else.

    Args:
        text: The suggestion, at the place where it was made.
        typed: What the user has written there since.
        closers: What stands behind the cursor since.  The rest then ends where it would write them itself:
            what follows in the suggestion comes when the user has gone past them.
    """
    if not text.startswith(typed):
        return ""
    rest = text[len(typed) :]
    return rest[: _closing(rest, closers)] if closers else rest


def _closing(rest: str, closers: str) -> int:
    """Return where ``closers`` stand in ``rest`` and close what was opened before it; 0 if nowhere."""
    open_quote = closers[0] if closers[0] in _QUOTES else ""
    expected: list[str] = []
    skip = False
    for at, character in enumerate(rest):
        if skip:
            skip = False
        elif not expected and open_quote in ("", closers[0]) and rest.startswith(closers, at):
            return at
        elif character == "\\":
            skip = bool(open_quote)
        elif open_quote:
            open_quote = "" if character == open_quote else open_quote
        elif character in _QUOTES:
            open_quote = character
        elif character in _PAIRS:
            expected.append(_PAIRS[character])
        elif character in _PAIRS.values() and (not expected or expected.pop() != character):
            return 0
    return 0
