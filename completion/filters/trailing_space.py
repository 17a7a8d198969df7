"""Cut white space that nothing follows."""

from __future__ import annotations

from analysis.lexing import scan
from analysis.python.scanner import Mode
from completion.layout import Layout
from monitors.remainder import typed_over


def without_trailing_space(text: str, layout: Layout) -> str:
    """Cut trailing white space, unless more text follows on the cursor's line.

    Closing brackets there, which editors write by themselves, stay on the last line: only its end is cut.
    """
    kept = text.rstrip()
    if not layout.remainder.strip():
        return kept
    if "\n" not in text[len(kept) :] or not typed_over(layout.remainder.encode()):
        return text
    is_comment = scan(layout.prefix, layout.language, layout.typed + kept).mode is Mode.COMMENT
    return text if is_comment else kept
