"""Where in a Python statement the text stands: the part of the lexical state that changes at token borders.

A ``Place`` is an immutable value; each function here says what one token does to it.  Offsets
count bytes of the current logical line.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from analysis.names import EMPTY, Names
from analysis.python.lexicon import (
    COMPOUND,
    IMPORTS,
    KEYWORDS,
    NARROWING,
    OPERATOR_WORDS,
    PAIRS,
    SOFT_KEYWORDS,
)

MAX_DEPTH: Final = 200
"""CPython's limit of nested brackets (MAXLEVEL of its tokenizer); deeper ones are not followed."""

NOWHERE: Final = -1

LOAD: Final = 0
TARGETS: Final = 1
"""A list of targets may stand here: ``a.b, c.d = ...``, ``for a.b, c in``, ``del a.b, c``."""
ONE_TARGET: Final = 2
"""One target, ended by a comma: ``with a as b.c, d as e``."""
DEFINED: Final = 3
"""The name behind ``def`` or ``class``."""

STORES: Final = {
    b"for": TARGETS,
    b"del": TARGETS,
    b"global": TARGETS,
    b"nonlocal": TARGETS,
    b"import": TARGETS,
    b"as": ONE_TARGET,
    b"def": DEFINED,
    b"class": DEFINED,
}
"""What the words before a target make of the place behind them; every other keyword makes it a load."""


class Level(NamedTuple):
    """One open bracket, string, f-string hole or format specification.

    Attributes:
        kind: Opening bracket, or ``STRING``, ``HOLE`` or ``SPEC``.
        brackets: Open brackets up to here, this one included; a hole counts as ``{``.
        quote: Closing delimiter of the innermost string up to here, b"" if there is none.
        prefix: Prefix of that string in lower case.
        start: Where the primary expression that this belongs to starts.
        target: Whether that primary may be stored to (``LOAD`` and so on).
        call: A bracket right behind a primary: a call or a subscript.
    """

    kind: bytes
    brackets: bytes = b""
    quote: bytes = b""
    prefix: bytes = b""
    start: int = NOWHERE
    target: int = LOAD
    call: bool = False


STRING: Final = b"string"
HOLE: Final = b"hole"
SPEC: Final = b"spec"
BOTTOM: Final = Level(b"")


class Statement(NamedTuple):
    """What is known of the statement since it began.

    Attributes:
        keyword: First word of the logical line if it is a keyword.
        word: First word of the statement if it is a keyword; differs behind ``;`` and behind a header's colon.
        soft: First word of the logical line while it may still turn out to be a soft keyword.
        second: A word follows that first word; if it is no operator, the first one is a keyword.
        lambdas: Lambdas outside brackets whose colon has not come yet.
        binder: A lambda or def was seen: ``name=`` may be a parameter.
        narrows: A narrowing call was seen: every name counts.
        begun: It has had a first word or another token.
    """

    keyword: bytes = b""
    word: bytes = b""
    soft: bytes = b""
    second: bool = False
    lambdas: int = 0
    binder: bool = False
    narrows: bool = False
    begun: bool = False


class Place(NamedTuple):
    """A place between two tokens, or inside one.

    Attributes:
        levels: What is open, outermost first; the first one is ``BOTTOM``.
        statement: The statement so far.
        start: Where the primary that ends here starts, or ``NOWHERE``.
        end: Where it ends; behind a finished token only.
        receiver: Where the part before the last dot ends, while the text is behind that dot.
        target: ``LOAD``, or which kind of target may stand here.
        literal: The primary consists of string literals alone.
        names: Names bound so far.
    """

    levels: tuple[Level, ...] = (BOTTOM,)
    statement: Statement = Statement()
    start: int = NOWHERE
    end: int = NOWHERE
    receiver: int = NOWHERE
    target: int = TARGETS
    literal: bool = False
    names: Names = EMPTY


def is_formatted(prefix: bytes) -> bool:
    """Whether a string prefix, in lower case, allows replacement fields."""
    return b"f" in prefix or b"t" in prefix


def line_ended(place: Place) -> Place:
    """Return the place at the start of the next logical line."""
    return Place(names=place.names)


def name_begun(place: Place, at: int) -> Place:
    """Begin a name at offset ``at``."""
    levels, statement, start, _, receiver, target, _, names = place
    if receiver != NOWHERE:
        return Place(levels, statement, start, at, receiver, target, False, names)
    if start == 0 and statement.soft:
        statement = statement._replace(second=True)
    return Place(levels, statement, at, at, NOWHERE, target, False, names)


def literal_begun(place: Place, at: int, string: bool = False) -> Place:
    """Begin a number or a string at offset ``at``; strings in a row are one primary."""
    levels, statement, start, _, _, target, literal, names = place
    if start != NOWHERE and string and literal:
        return place
    if start == 0 and statement.soft:
        statement, target = _softened(statement), LOAD
    if not statement.begun:
        statement = statement._replace(begun=True)
    return Place(levels, statement, at, at, NOWHERE, target, string, names)


def _softened(statement: Statement) -> Statement:
    """The first word is a keyword after all."""
    return statement._replace(keyword=statement.soft, word=statement.soft, soft=b"", second=False)


def name_ended(place: Place, name: bytes, at: int, following: int) -> Place:
    """End a name at offset ``at``, where the byte ``following`` stands."""
    levels, statement, start, _, receiver, target, _, names = place
    if receiver != NOWHERE:
        return Place(levels, statement, start, at, NOWHERE, target, False, names)
    if statement.second:
        place = _second_ended(place, name)
        _, statement, _, _, _, target, _, _ = place
    if name in KEYWORDS:
        return _keyword_ended(place, name)
    if _binds(place, name, following):
        names = names.add(name)
    if following == 40 and name in NARROWING and not statement.narrows:
        statement = statement._replace(narrows=True)
    if not statement.begun:
        soft = name if name in SOFT_KEYWORDS and start == 0 and following in b" \t\f\\" else b""
        statement = statement._replace(soft=soft, begun=True)
    if target == DEFINED:
        target = LOAD
    return Place(levels, statement, start, at, NOWHERE, target, False, names)


def _second_ended(place: Place, name: bytes) -> Place:
    """Decide on the first word: ``match in x`` is an expression, ``match x`` begins a statement."""
    if name in OPERATOR_WORDS:
        return place._replace(statement=place.statement._replace(soft=b"", second=False))
    return place._replace(statement=_softened(place.statement), target=LOAD)


def _binds(place: Place, name: bytes, following: int) -> bool:
    """Whether a plain name may be bound or narrowed where it stands; yes when in doubt."""
    statement = place.statement
    if following in b".([":
        return place.target == DEFINED or statement.narrows or statement.word in IMPORTS
    if following == 61 and place.levels[-1].call:
        return statement.binder
    return True


def _keyword_ended(place: Place, name: bytes) -> Place:
    levels, statement, start, _, _, _, _, names = place
    if not statement.begun:
        word = name
        statement = statement._replace(
            keyword=name if start == 0 else statement.keyword, word=word, begun=True, binder=word in (b"def", b"async")
        )
    if name == b"lambda":
        outside = len(levels) == 1
        statement = statement._replace(lambdas=statement.lambdas + outside, binder=True)
    return Place(levels, statement, NOWHERE, NOWHERE, NOWHERE, STORES.get(name, LOAD), False, names)


def token_ended(place: Place, at: int) -> Place:
    """End a number at offset ``at``."""
    return place._replace(end=at, receiver=NOWHERE)


def dotted(place: Place) -> Place:
    """Put a dot behind the primary that ends here; there is one."""
    levels, statement, start, end, _, target, _, names = place
    return Place(levels, statement, start, end, end, target, False, names)


def operator(place: Place, byte: int) -> Place:
    """Take one byte of an operator or delimiter that is not a bracket, dot or colon."""
    levels, statement, start, _, _, target, _, names = place
    if byte == 44:
        target = LOAD if target == ONE_TARGET else target
    elif byte == 59 and len(levels) == 1:
        statement = Statement(keyword=statement.keyword)
        return Place(levels, statement, target=TARGETS, names=names)
    elif byte != 42 or start != NOWHERE:
        target = LOAD
    if statement.soft and byte in b"=,." and len(levels) == 1 or not statement.begun:
        statement = statement._replace(soft=b"", begun=True)
    return Place(levels, statement, NOWHERE, NOWHERE, NOWHERE, target, False, names)


def colon(place: Place) -> Place:
    """Take a colon: a header's one begins a new statement, others a load."""
    levels, statement, start, end, _, target, _, names = place
    if len(levels) > 1:
        return Place(levels, statement, NOWHERE, NOWHERE, NOWHERE, target, False, names)
    if statement.lambdas:
        statement = statement._replace(lambdas=statement.lambdas - 1)
        return Place(levels, statement, NOWHERE, NOWHERE, NOWHERE, LOAD, False, names)
    if statement.soft and not (start == 0 and end == len(statement.soft)):
        statement = _softened(statement)
    if statement.word in COMPOUND:
        return Place(levels, Statement(keyword=statement.keyword), target=TARGETS, names=names)
    return Place(levels, statement._replace(soft=b"", begun=True), NOWHERE, NOWHERE, NOWHERE, LOAD, False, names)


def walrus(place: Place) -> Place:
    """Take ``=`` right behind a colon: that colon ended no header."""
    levels, statement, *_, names = place
    if not statement.begun and statement.keyword:
        statement = statement._replace(word=statement.keyword, begun=True)
    return Place(levels, statement, NOWHERE, NOWHERE, NOWHERE, LOAD, False, names)


def opened(place: Place, bracket: bytes, at: int) -> Place:
    """Open a bracket at offset ``at``."""
    levels, statement, start, _, _, target, _, names = place
    if len(levels) > MAX_DEPTH:
        return place
    if not statement.begun:
        statement = statement._replace(begun=True)
    elif start == 0 and statement.soft and bracket == b"{":
        statement, start, target = _softened(statement), NOWHERE, LOAD
    call = start != NOWHERE
    top = levels[-1]
    level = Level(
        bracket, top.brackets + bracket, top.quote, top.prefix, start if call else at, target, call and bracket != b"{"
    )
    inner = TARGETS if target and not call and bracket != b"{" else LOAD
    return Place((*levels, level), statement, NOWHERE, NOWHERE, NOWHERE, inner, False, names)


def closed(place: Place, bracket: bytes, at: int) -> Place:
    """Close a bracket with its last byte at ``at``; ones of another kind opened since are dropped.

    A bracket that was not opened, or not inside the same f-string hole, is ignored.
    """
    levels, statement, _, _, _, target, _, names = place
    opening = PAIRS[bracket]
    index = len(levels) - 1
    while index and levels[index].kind not in (opening, HOLE):
        index -= 1
    level = levels[index]
    if level.kind != opening:
        return Place(levels, statement, NOWHERE, NOWHERE, NOWHERE, LOAD, False, names)
    return Place(levels[:index], statement, level.start, at + 1, NOWHERE, level.target, False, names)


def string_opened(place: Place, prefix: bytes, quote: bytes, at: int) -> Place:
    """Open a string whose prefix or first quote stands at offset ``at``."""
    levels, statement, start, end, _, target, _, names = literal_begun(place, at, string=True)
    level = Level(STRING, levels[-1].brackets, quote, prefix.lower(), start, target)
    return Place((*levels, level), statement, start, end, NOWHERE, LOAD, False, names)


def string_closed(place: Place, at: int) -> Place:
    """Close the innermost string with its last byte at ``at``."""
    levels, statement, *_, names = place
    level = levels[-1]
    return Place(levels[:-1], statement, level.start, at + 1, NOWHERE, level.target, True, names)


def string_tripled(place: Place) -> Place:
    """Turn the single-quoted string on top into a triple-quoted one."""
    level = place.levels[-1]
    return place._replace(levels=(*place.levels[:-1], level._replace(quote=level.quote * 3)))


def string_broken(place: Place) -> Place:
    """Give up the innermost string, which its line's end cut off, with the holes inside it."""
    levels, statement, *_, names = place
    index = len(levels) - 1
    while levels[index].kind != STRING:
        index -= 1
    level = levels[index]
    return Place(levels[:index], statement, NOWHERE, NOWHERE, NOWHERE, level.target, False, names)


def hole_opened(place: Place) -> Place:
    """Open a replacement field in the f-string, or in the format specification, on top."""
    levels, statement, *_, names = place
    top = levels[-1]
    level = Level(HOLE, top.brackets + b"{", top.quote, top.prefix)
    return Place((*levels, level), statement, NOWHERE, NOWHERE, NOWHERE, LOAD, False, names)


def spec_opened(place: Place) -> Place:
    """Begin the format specification of the replacement field on top."""
    levels, statement, *_, names = place
    top = levels[-1]
    level = Level(SPEC, top.brackets, top.quote, top.prefix)
    return Place((*levels, level), statement, NOWHERE, NOWHERE, NOWHERE, LOAD, False, names)


def hole_closed(place: Place) -> Place:
    """Close the innermost replacement field, its format specification and what is open inside it."""
    levels, statement, *_, names = place
    index = len(levels) - 1
    while levels[index].kind != HOLE:
        index -= 1
    return Place(levels[:index], statement, NOWHERE, NOWHERE, NOWHERE, LOAD, False, names)
