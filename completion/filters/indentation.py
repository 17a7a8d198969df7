"""Do not show a first line that fits no block: what is wrong with it stands before the rest."""

from __future__ import annotations

from analysis.languages import PYTHON
from analysis.lexing import scan
from analysis.python.blocks import open_blocks
from completion.layout import Layout


def if_indented_right(text: str, layout: Layout) -> str:
    """Return ``text``, or nothing if it makes the cursor's blank line a statement at an indentation of no open block.

    Blanks that follow the typed ones are no mistake by themselves: the user may stand at column 0
    of a block.  Inside brackets and strings any indentation is right.
    """
    code = text.lstrip(" \t")
    if layout.language is not PYTHON:
        return text
    if layout.typed.strip() or not text or code[:1] in ("", "\n", "#"):
        return text
    end = scan(layout.prefix, layout.language)
    if not end.at_line_start:
        return text
    indent = layout.typed + text[: len(text) - len(code)]
    return text if open_blocks(layout.prefix.encode(), end).admits(indent.encode()) else ""
