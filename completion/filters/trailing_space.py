"""Cut white space that nothing follows."""

from __future__ import annotations

from completion.layout import Layout


def without_trailing_space(text: str, layout: Layout) -> str:
    """Cut trailing white space, unless more text follows on the cursor's line."""
    return text if layout.remainder.strip() else text.rstrip()
