"""Cut white space that nothing follows."""

from __future__ import annotations


def without_trailing_space(text: str, remainder: str) -> str:
    """Cut trailing white space, unless more text follows on the cursor's line."""
    return text if remainder.strip() else text.rstrip()
