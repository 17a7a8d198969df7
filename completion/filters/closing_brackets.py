"""Cut brackets that the editor has already closed behind the cursor."""

from __future__ import annotations

from analysis.lexing import scan
from analysis.python.scanner import Mode
from completion.layout import Layout

_CLOSERS = ")]}"


def without_closing_brackets(text: str, layout: Layout) -> str:
    """Cut closing brackets at the end of ``text`` that close what was opened before the cursor and stand behind it.

    ``print(len(x|)`` with ``))`` written: the first closes ``len(``, the second is the one that is there.
    Brackets that ``text`` itself has opened are its own.
    """
    kept = text.rstrip()
    there = "".join(character for character in layout.remainder if not character.isspace())
    ending = len(kept) - len(kept.rstrip(_CLOSERS))
    # As many as the text ends with and the rest of the line begins with, the most first.
    for count in range(min(ending, len(there)), 0, -1):
        if kept.endswith(there[:count]) and set(there[:count]) <= set(_CLOSERS):
            return kept[:-count].rstrip() if _closes_outer(kept, count, layout) else text
    return text


def _closes_outer(text: str, count: int, layout: Layout) -> bool:
    """Whether the last ``count`` brackets of ``text`` close what is open at the cursor."""
    state = scan(layout.prefix, layout.language, layout.typed)
    open_at_cursor = state.depth
    for byte in text[:-count].encode():
        state = state.step(byte)
        open_at_cursor = min(open_at_cursor, state.depth)
    return state.mode is Mode.CODE and state.depth == open_at_cursor
