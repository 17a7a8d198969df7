"""Do not show what is typed sooner than read."""

from __future__ import annotations

from completion.layout import Layout

# Characters that are not blank: a lone bracket, or the last letter of a word.
LEAST = 2


def if_long_enough(text: str, layout: Layout) -> str:
    """Return ``text``, or nothing if it has fewer than ``LEAST`` characters to see."""
    return text if sum(not character.isspace() for character in text) >= LEAST else ""
