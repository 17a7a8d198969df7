"""Answer which names can be read at the hole of a document.

Runs inside a worker process only: the names come from the syntax tree, jedi says what
``from x import *`` brings.
"""

from __future__ import annotations

import builtins

from analysis.analyzers.jedi.classes import MODULE_NAMES
from analysis.analyzers.jedi.modules import exported, importer_of, values_of
from analysis.analyzers.jedi.probe import Answer, Interpreter, probes
from analysis.facts import BaseDocument, FactKey
from analysis.python.scopes import Visible, visible_at

ALWAYS = frozenset(dir(builtins)) | frozenset(MODULE_NAMES)
"""Builtins, and what every module has."""

IN_CLASS = frozenset(("__class__", "__module__", "__qualname__"))


def names(document: BaseDocument, key: FactKey, interpreter: Interpreter) -> Answer:
    """Return the names that can be read in the hole on a line whose indentation is ``key.receiver``.

    Raises:
        Exception: Anything that jedi raises.
    """
    hole = len(document.prefix) + len(key.receiver)
    seen = [look(probe.text, hole) for probe in probes(document, key.receiver, "x")]
    found = ALWAYS.union(*(visible.names for visible in seen))
    if any(visible.in_class for visible in seen):
        found |= IN_CLASS
    kind = "scope"
    for star in sorted({star for visible in seen for star in visible.stars}):
        brought = frozenset(exported(values_of(importer_of(document, star, interpreter), interpreter.origins)))
        found |= frozenset(name for name in brought if not name.startswith("_"))
        kind = kind if brought else "star"
    return Answer(found, kind, "this file")


def look(text: str, place: int) -> Visible:
    """Return what is visible at a character of a text."""
    return visible_at(text.encode("utf-8", "surrogatepass"), len(text[:place].encode("utf-8", "surrogatepass")))
