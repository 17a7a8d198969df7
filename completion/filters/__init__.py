"""What is done to a finished middle before anyone sees it: pure functions, one module each.

Filters only shorten a text from its end, so the cut part can be shown as cut.
"""

from __future__ import annotations

from completion.filters.duplicate_suffix import without_duplicate_suffix
from completion.filters.trailing_space import without_trailing_space


def shorten(text: str, remainder: str, after: str) -> str:
    """Run all filters, in order.

    Args:
        text: The middle behind the cursor.
        remainder: Rest of the cursor's line.
        after: Text behind the cursor's line.

    Returns:
        A prefix of ``text``.
    """
    text = without_duplicate_suffix(text, remainder, after)
    return without_trailing_space(text, remainder)
