"""Answer where a name comes from, with the source that is there.

Runs inside a worker process only.  Names of the document itself and of the standard library are left
out: the model sees the one, and has learnt from the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from analysis.analyzers.jedi.probe import NOTHING, Answer, Interpreter, script_of
from analysis.chunks import outline_of
from analysis.facts import BaseDocument, Definition, FactKey

KIND = "definition"

LARGEST_FILE = 1_000_000

MOST_PLACES = 3


def definitions(document: BaseDocument, key: FactKey, interpreter: Interpreter) -> Answer:
    """Return where the name ``key.receiver``, which stands somewhere in the document, comes from.

    Raises:
        Exception: Anything that jedi raises.
    """
    text = f"{document.prefix}{document.indent}pass\n{document.suffix}"
    script = script_of(document, text, interpreter)
    for line, column in places(text, len(document.prefix), key.receiver):
        if inferred := script.infer(line, column):
            found = [d for name in inferred if (d := definition_of(name, document, interpreter)) is not None]
            return Answer(frozenset(), KIND, "", definitions=tuple(dict.fromkeys(found))) if found else NOTHING
    return NOTHING


def places(text: str, hole: int, name: str) -> Iterator[tuple[int, int]]:
    """Yield line (from 1) and column of a name's last character, the last places before the hole first.

    Names in strings and comments cannot be inferred, so there is more than one.
    """
    pattern = re.compile(rf"(?<![\w.]){re.escape(name)}(?!\w)")
    before = [match.end() for match in pattern.finditer(text, 0, hole)]
    behind = [match.end() for match in islice(pattern.finditer(text, hole), 1)]
    for end in [*before[: -MOST_PLACES - 1 : -1], *behind]:
        yield text.count("\n", 0, end) + 1, end - text.rfind("\n", 0, end) - 2


def definition_of(name: Any, document: BaseDocument, interpreter: Interpreter) -> Definition | None:
    """Return the definition that jedi found; None if it is of no use."""
    path, line = name.module_path, name.line
    if path is None or line is None or name.type not in ("class", "function", "instance"):
        return None
    if str(path) == document.path or interpreter.origins.is_python(str(path), document.workspace):
        return None
    if path.stat().st_size > LARGEST_FILE:
        return None
    text = outline_of(path.read_text("utf-8", "replace"), line - 1)
    return Definition(str(path), text) if text else None
