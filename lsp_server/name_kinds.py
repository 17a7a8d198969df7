"""What a name most likely is, for the icon in front of it: from the document, the builtins and how names are spelt.

The analysis lists names without their kinds.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from lsprotocol.types import CompletionItemKind as Kind

_DEFINED = re.compile(r"^[ \t]*(?:async[ \t]+)?(?:(def|class)|import)[ \t]+([^\W\d]\w*)", re.MULTILINE)
_CALLED = re.compile(r"(\.?)\b([^\W\d]\w*)\(")
_KINDS = {"def": Kind.Function, "class": Kind.Class, "": Kind.Module}


# Characters on either side of the cursor that are looked through: nobody waits for the icons of a popup.
NEARBY = 50_000


@dataclass(frozen=True)
class Usage:
    """What a document shows of its names.

    Attributes:
        defined: Kinds of the names that it defines or imports.
        called: Names that it calls, those behind a dot with the dot.
    """

    defined: Mapping[str, Kind]
    called: frozenset[str]


def usage_around(text: str, offset: int) -> Usage:
    """Look through a document, as far as it is near an offset."""
    return _usage_in(text[max(0, offset - NEARBY) : offset + NEARBY])


@lru_cache(maxsize=8)
def _usage_in(text: str) -> Usage:
    defined = {name: _KINDS[word] for word, name in _DEFINED.findall(text)}
    return Usage(defined, frozenset(dot + name for dot, name in _CALLED.findall(text)))


def kind_of(name: str, asked: str, usage: Usage) -> Kind:
    """Return the kind of a name.

    Args:
        name: The name.
        asked: What is listed, ``completion.types.Listing.kind``.
        usage: What the document shows.
    """
    if asked == "modules":
        return Kind.Module
    attribute = asked == "attributes"
    function = Kind.Method if attribute else Kind.Function
    if name in usage.defined:
        found = usage.defined[name]
        return function if found is Kind.Function else found
    if asked == "names" and hasattr(builtins, name):
        return _kind_of_builtin(getattr(builtins, name))
    if name.isupper():
        return Kind.Constant
    if name[:1].isupper():
        return Kind.Class
    if ("." + name if attribute else name) in usage.called:
        return function
    return Kind.Field if attribute else Kind.Variable


def _kind_of_builtin(value: object) -> Kind:
    if isinstance(value, type):
        return Kind.Class
    return Kind.Function if callable(value) else Kind.Constant
