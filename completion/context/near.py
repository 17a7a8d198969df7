"""What stands near the cursor: the lines that other code is compared with, and the names used there."""

from __future__ import annotations

import builtins
import keyword
import re

from completion.layout import Layout

LINES_BEFORE = 20
LINES_BEHIND = 8

MOST_NAMES = 12

_CHAIN = re.compile(r"(?<![\w.])[^\W\d]\w*(?:\.[^\W\d]\w*){0,2}(?!\w)")
_DEFINED = re.compile(r"^[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)", re.MULTILINE)
_KNOWN = frozenset((*keyword.kwlist, *keyword.softkwlist, *dir(builtins), "self", "cls"))


def lines_near(layout: Layout) -> str:
    """Return the lines around the cursor."""
    before = layout.prefix.split("\n")[-LINES_BEFORE - 1 :]
    behind = layout.suffix.split("\n")[: LINES_BEHIND + 1]
    return "\n".join(before) + layout.typed + "\n".join(behind)


def names_near(layout: Layout) -> tuple[str, ...]:
    """Return the names used there that the document does not define itself, the nearest first.

    A name with its attributes counts as one; of two with the same beginning both are returned.
    """
    chains = [match[0] for match in _CHAIN.finditer(lines_near(layout))]
    found = dict.fromkeys(chain for chain in reversed(chains) if chain not in _KNOWN and len(chain) > 1)
    own = {*_DEFINED.findall(layout.prefix), *_DEFINED.findall(layout.after)}
    return tuple(name for name in found if name not in own)[:MOST_NAMES]
