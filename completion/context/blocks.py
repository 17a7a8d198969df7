"""Which snippets go into a prompt, how much of them, and in which order."""

from __future__ import annotations

from collections.abc import Sequence

from completion.layout import MOST_CHARACTERS, Count, head_within
from completion.types import Snippet

# The beginning of a snippet that is cut is worth showing if it has so many tokens.
LEAST_TOKENS = 24


def within(snippets: Sequence[Snippet], budget: int, count: Count) -> tuple[Snippet, ...]:
    """Return the most relevant snippets that fit, the least relevant one cut at a line end if need be.

    Args:
        snippets: The least relevant first.
        budget: Tokens of all together, their paths included.
        count: Number of tokens of a text.
    """
    chosen: list[Snippet] = []
    for snippet in reversed(snippets):
        head = count(snippet.path) + 2  # what introduces a file, and the end of its line
        room = budget - head
        if room < LEAST_TOKENS:
            break
        text = head_within(snippet.text[: room * MOST_CHARACTERS], room, count)
        if text:
            chosen.append(Snippet(snippet.path, text))
            budget = room - count(text)
    return tuple(reversed(chosen))


def settled(snippets: Sequence[Snippet], before: Sequence[Snippet]) -> tuple[Snippet, ...]:
    """Order snippets so that those that were there before stay where they were: what is computed for them does, too."""
    stay = [snippet for snippet in before if snippet in snippets]
    return (*stay, *(snippet for snippet in snippets if snippet not in stay))
