"""Which names the document makes likely: by what follows the cursor, and by what its code lacks.

Behind a cursor in the middle of a line stands what the name there is going to be followed by: ``(self.body)``
calls it.  A name that is called just so elsewhere is the likelier one, and one that is used but never called
hardly is.  And what is imported is most likely what the code below uses and nothing binds.

How much this adds to what the model knows is measured, one number for each of ``ROWS`` and ``ENDS``
(``monitors/likeness.json``; ``python -m bench.likeness``).
"""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from monitors.base import Site
from monitors.strength import Strength

ALIKE, SIMILAR, UNLIKE, NEEDED, FIRST = "alike", "similar", "unlike", "needed", "first"

ROWS: Final = (ALIKE, SIMILAR, UNLIKE, NEEDED, FIRST)
"""What is known of a name.  Of an attribute: somewhere the same three tokens follow it, the same two; it is used, but
the first token never follows it.  Of what is imported: the code below needs it; of those it is the first in order.  Of
other names nothing is known.
"""

ENDED, WENT_ON = "ended", "went_on"
ENDS: Final = (ENDED, WENT_ON)
"""How an import goes against what the code below needs: ends while that lacks a name, or goes on when it lacks none."""

# Characters before and behind the cursor that are looked at.
NEAR: Final = 20_000

# Tokens that are compared, and the first bytes of a rest that belongs to the name.
DEPTH: Final = 3
OPENERS: Final = ("(", "[", ".")

_GIVEN: Final = frozenset((*keyword.kwlist, *keyword.softkwlist, *dir(builtins)))
# Repetitions are bounded: what is no Python must not take a time that grows faster than the text.
_IMPORT: Final = re.compile(r"^[ \t]*(?:from\s+[.\w]+\s+)?import\b(?:\s*\([^)]{0,4000}\)|[^\n]*)", re.MULTILINE)
_BOUND: Final = re.compile(
    r"\b(?:def|class|as)\s+(\w+)|\bfor\s+(\S[^\n]{0,200}?)\s+in\b"
    r"|^[ \t]*([^\W\d](?:[\w, ]{0,200}[\w,])?)\s*(?::[^=\n]+)?=(?!=)",
    re.MULTILINE,
)
_PARAMETERS: Final = re.compile(r"\bdef\s+\w+\s*\(([^)]*)|\blambda\b([^:\n]*)")
_PARAMETER: Final = re.compile(r"(?:^|[,*])\s*([^\W\d]\w*)")
_FREE: Final = re.compile(r"(?<![\w.])[^\W\d]\w*")
_TEXT: Final = re.compile(
    r"#[^\n]*|(?P<three>\"{3}|'{3})[\s\S]*?(?:(?P=three)|\Z)|(?P<one>[\"'])(?:\\.|(?!(?P=one))[^\\\n])*(?P=one)?"
)
_QUOTED: Final = re.compile(r"(?P<one>[\"'])([^\W\d]\w*)(?P=one)")

_TOKEN: Final = re.compile(r"\w+|[^\w\s]")
_BY_AGREEING: Final = {0: UNLIKE, 2: SIMILAR, 3: ALIKE}


@dataclass(frozen=True, eq=False)
class Likeness:
    """What the uses around a place say of names.

    Attributes:
        values: How much likelier a name is than one of which nothing is known, nats.
    """

    values: Mapping[str, float]

    def of(self, name: str) -> float:
        """Return how much likelier a name is than one of which nothing is known, nats."""
        return self.values.get(name, 0.0)


NOTHING_KNOWN: Final = Likeness({})


def likeness_at(site: Site, strength: Strength) -> Likeness:
    """Return what the uses around a site say, where the rest of its line belongs to the name at the cursor."""
    remainder = site.remainder.decode("utf-8", "surrogateescape").lstrip(" \t")
    if not remainder.startswith(OPENERS):
        return NOTHING_KNOWN
    rows = rows_around(site.document.prefix, site.document.suffix, remainder)
    return Likeness({name: strength.weight(row) for name, row in rows.items()})


def rows_around(above: str, below: str, remainder: str) -> Mapping[str, str]:
    """Return ``rows_of`` as far as lines are near."""
    return rows_of(above[-NEAR:], below[:NEAR], remainder)


@lru_cache(maxsize=8)
def rows_of(above: str, below: str, remainder: str) -> Mapping[str, str]:
    """Return the row of each name that is used as an attribute.

    Args:
        above: Lines before.
        below: Lines behind.
        remainder: What follows the name in question; not empty.

    >>> rows_of("a.b(x)\\na.c[0]\\na.d(y)\\na.e()", "", "(x)")
    {'b': 'alike', 'c': 'unlike'}
    """
    use = use_followed_by(_TOKEN.findall(remainder)[:DEPTH])
    agreeing: dict[str, int] = {}
    for text in (above, below):
        for found in use.finditer(text):
            # Groups are numbered: the last one that takes part tells how far the tokens agree.
            agreeing[found[1]] = max(agreeing.get(found[1], 0), (found.lastindex or 1) - 1)
    return {name: _BY_AGREEING[depth] for name, depth in agreeing.items() if depth in _BY_AGREEING}


def use_followed_by(tokens: list[str]) -> re.Pattern[str]:
    """Return what finds attributes and as many of these tokens as follow; a line's end follows the last of too few."""
    wanted = [re.escape(token) + (r"\b" if token[-1].isalnum() else "") for token in tokens]
    wanted += [r"(?=\r?\n|\Z)"] * (DEPTH > len(wanted))
    pattern = ""
    for token in reversed(wanted):
        pattern = rf"(?:[ \t]*({token}){pattern})?"
    return re.compile(rf"\.\s*([^\W\d]\w*)(?={pattern})")  # what follows may be a use, too


def bindings(text: str) -> Iterator[str]:
    """Yield the names that some lines bind, as far as a glance shows.

    >>> sorted(bindings("def f(a: b, *, c=d):\\n    for e, g in h:\\n        i, j = lambda k: k\\n"))
    ['a', 'c', 'e', 'f', 'g', 'i', 'j', 'k']
    """
    for found in _BOUND.finditer(text):
        yield from _FREE.findall("".join(filter(None, found.groups())))
    for found in _PARAMETERS.finditer(text):
        yield from _PARAMETER.findall(found[1] or found[2] or "")


@lru_cache(maxsize=8)
def needed(above: str, below: str) -> frozenset[str]:
    """Return the names that the lines below use, and neither they nor those above nor Python itself bind.

    A string that is a name counts: ``__all__`` tells what a package wants.

    >>> sorted(needed("import os\\n", "def f():  # of it\\n    x = os.path.join(sep)\\n    Path('a', 'to b')\\n"))
    ['Path', 'a', 'sep']
    """
    imports = [found[0] for found in _IMPORT.finditer(above + below)]  # one may go on below the cursor's line
    imported = frozenset(name for statement in imports for name in _FREE.findall(statement))
    bound = frozenset(name for text in (above, below) for name in bindings(text))
    code = _TEXT.sub(lambda text: text[0] if _QUOTED.fullmatch(text[0]) else " ", _IMPORT.sub("", below))
    return frozenset(_FREE.findall(code)) - imported - bound - _GIVEN


def rows_of_needed(names: Set[str]) -> Mapping[str, str]:
    """Return the row of each name that may be imported and that the code below needs.

    >>> rows_of_needed({"walk", "Path", "PATH_MAX"})
    {'PATH_MAX': 'first', 'Path': 'needed', 'walk': 'needed'}
    """
    ordered = sorted(names, key=in_order)
    return {name: NEEDED if place else FIRST for place, name in enumerate(ordered)}


def in_order(name: str) -> tuple[int, str]:
    """Return where a name stands in an import with sorted names: constants, classes, the others, as isort has it.

    Names like ``__this__`` come last: they are hardly imported.
    """
    if name.startswith("__"):
        return 3, name
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2
    return kind, name.lower()
