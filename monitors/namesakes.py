"""Which variable an argument most likely is: the one that is named like its parameter.

Where a function has a variable ``path`` and calls what takes a ``path`` there, it nearly always passes it ("Nomen
est omen", Liu et al. 2016; "Detecting argument selection defects", Rice et al. 2017).  A model that has not seen the
callee does not know.  How often it is wrong is measured (``monitors/namesakes.json``; ``python -m bench.namesakes``).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from analysis.facts import Signature
from monitors.arguments import Call
from monitors.likeness import bindings
from monitors.rooms import fits, parameter_reached

_HEADER: Final = re.compile(r"^([ \t]*)(?:async[ \t]+)?def\b", re.MULTILINE)
_INDENT: Final = re.compile(r"[ \t]*")
_RECEIVERS: Final = frozenset(("self", "cls"))


def namesake_of(signatures: tuple[Signature, ...], call: Call, bound: frozenset[str]) -> bytes:
    """Return the variable that is named like the parameter which the next argument of a call reaches.

    Args:
        signatures: All ways to call it.
        call: The finished arguments.
        bound: Variables at hand.

    Returns:
        b"" where there is none, and where the ways that take one more do not agree.
    """
    if call.starred or call.named_only:
        return b""
    reached = {parameter_reached(way, call) for way in signatures if fits(way, call)}
    names = {parameter.name for parameter in reached if parameter is not None}
    name = names.pop() if len(names) == 1 else ""
    return name.encode() if name in bound else b""


@lru_cache(maxsize=8)
def bound_around(above: str, line: str) -> frozenset[str]:
    """Return the variables and parameters of the function around a line, as far as the text before it binds them.

    Args:
        above: Lines before.
        line: The beginning of the line.

    >>> sorted(bound_around("x = 1\\ndef f(path, *, mode):\\n    size = 2\\n", "    g("))
    ['mode', 'path', 'size']
    """
    found = _INDENT.match(line)
    indent = found[0] if found is not None else ""
    headers = [header for header in _HEADER.finditer(above) if len(header[1]) < len(indent)]
    if not headers:
        return frozenset()
    function = above[headers[-1].start() :]
    return frozenset(bindings(function + line)) - frozenset(bindings(function[: function.find("(")])) - _RECEIVERS
