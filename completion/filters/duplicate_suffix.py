"""Cut what the document already has behind the cursor."""

from __future__ import annotations

from completion.layout import Layout

_LOOK_AHEAD_LINES = 8


def without_duplicate_suffix(text: str, layout: Layout) -> str:
    """Cut the end of ``text`` where it repeats what follows the cursor.

    Two cases: the completion ends with the whole rest of the cursor's line, or whole lines at its
    end are the next lines that are not blank.  A rest of closing brackets alone is another
    filter's (``closing_brackets``), which looks at what they close.
    """
    rest = layout.remainder.strip()
    if any(c.isalnum() or c == "_" for c in rest) and text.rstrip().endswith(rest):
        return text.rstrip()[: -len(rest)]
    following = [line.rstrip() for line in layout.after.split("\n") if line.strip()][:_LOOK_AHEAD_LINES]
    lines = text.split("\n")
    for at in range(1, len(lines)):
        tail = [line.rstrip() for line in lines[at:] if line.strip()]
        if tail and tail == following[: len(tail)]:
            return "\n".join(lines[:at])
    return text
