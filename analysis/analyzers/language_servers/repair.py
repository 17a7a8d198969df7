"""What is put behind a receiver so that a language server can read the document around it.

A server lists members by what it has parsed, and no server recovers from everything: a ``;`` in the middle of
a call's arguments makes some forget the class that the call stands in.
"""

from __future__ import annotations

import os
from typing import Final

from analysis.analyzers.language_servers.answers import TAILS
from analysis.facts import BaseDocument, FactKey
from analysis.languages import language_of
from analysis.lexing import scan
from analysis.python.lexicon import CLOSERS
from analysis.python.place import HOLE

# What may follow an operand without anything between.
_GOES_ON: Final = tuple(")]}:?.,;=<>|&*/%^")

_MOST_TAILS: Final = 2


def tails(document: BaseDocument, key: FactKey) -> tuple[str, ...]:
    """Return what may follow a question's receiver on its line, to be tried in turn.

    Args:
        document: The document that ``key`` names.
        key: The question.
    """
    usual = TAILS[key.kind]
    fitting = usual[0].removesuffix(";") + ending(document, (key.middle or document.indent) + key.receiver)
    return tuple(dict.fromkeys((fitting, *usual)))[:_MOST_TAILS]


def ending(document: BaseDocument, hole: str) -> str:
    """Return what closes the brackets and strings that ``hole`` has opened, and ends what is open around it.

    >>> ending(BaseDocument("/a.ts", "/", "f(\\n", ")\\n", language="typescript"), "  g(x, {a: b.")
    '})'
    """
    language = language_of(document.language, document.path)
    outside = scan(document.prefix, language).nesting
    inside = scan(document.prefix + hole, language).nesting
    same = len(os.path.commonprefix((outside, inside)))
    closing = "".join(_closing(kind) for kind in reversed(inside[same:]))
    around = outside[same - 1] if same else b"{"
    if around == b"{":
        return f"{closing};"
    is_element = around in (b"(", b"[") and not document.suffix.lstrip().startswith(_GOES_ON)
    return f"{closing}," if is_element else closing


def _closing(kind: bytes) -> str:
    """Return what closes something open, one of ``LexicalState.nesting``."""
    if kind == HOLE:
        return "}"
    return CLOSERS.get(kind, kind).decode("utf-8", "replace")
