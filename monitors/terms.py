"""What is known of a call's callee, and what it costs not to heed it."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

from analysis.facts import UNRESOLVED, Fact, FactKey, Signature
from analysis.python.lexicon import WORD
from monitors.arguments import Call, Form, Step
from monitors.base import Check, Continuations
from monitors.rooms import Room
from monitors.words import AnyOf

_COMMA: Final = frozenset(b",")
_CLOSING: Final = frozenset(b")")
_EQUALS: Final = frozenset(b"=")


class Prices(NamedTuple):
    """What a callee's class costs, nats, 0 or less.

    Attributes:
        unlisted: A keyword that is no parameter.
        extra: A positional argument too many.
        missing: A required argument that was not passed.
        other: An argument that begins with another name than the namesake of its parameter.
    """

    unlisted: float = 0.0
    extra: float = 0.0
    missing: float = 0.0
    other: float = 0.0


class Held(NamedTuple):
    """What is known of a call's callee, and paid for its current argument.

    Attributes:
        key: The question about it; None if there is no sensible one.
        fact: The answer, if it had come when an argument began.
        prices: What it costs not to heed the answer.
        room: What may stand as the current argument; None if anything may.
        paid: Penalty of the current argument so far.
        namesake: The variable that is named like the parameter of the current argument, b"" if there is none.
    """

    key: FactKey | None
    fact: Fact | None = None
    prices: Prices = Prices()
    room: Room | None = None
    paid: float = 0.0
    namesake: bytes = b""

    @property
    def signatures(self) -> tuple[Signature, ...]:
        """The ways to call it; none if they are not known."""
        return () if self.fact is None else self.fact.signatures

    @property
    def extra(self) -> float:
        """What a positional argument costs here."""
        return 0.0 if self.room is None or self.room.more else self.prices.extra


def other_price(call: Call, held: Held) -> float:
    """Return what the current argument costs for beginning with another name than the namesake of its parameter."""
    is_meant = held.namesake.startswith(call.name) if call.form is Form.NAME else call.name in (held.namesake, b"")
    return held.prices.other if held.namesake and not is_meant else 0.0


def least_price(step: Step, held: Held, stands: bool) -> float:
    """Return the least that the current argument can cost in the end.

    Args:
        step: What has become of the argument.
        held: What is known of the call.
        stands: The name that the argument begins with, as far as it goes, may be one in scope.
    """
    call, room, form = step.call, held.room, step.call.form
    if room is None:
        return 0.0
    listed = room.names.fits(call.name) if form is Form.NAME else call.name in room.names
    keyword = 0.0 if room.any_name or listed else held.prices.unlisted
    value = held.extra if stands else held.extra + held.prices.unlisted
    other = other_price(call, held)
    if form is Form.KEYWORD or (form is Form.EQUALS and step.before.form is Form.NAME):
        return keyword + other
    if form is Form.POSITIONAL:
        return 0.0 if step.before.named_only else value + other
    if form in (Form.NAME, Form.NAMED, Form.EQUALS):
        return other + (keyword if call.named_only else max(keyword, value))
    return 0.0


def keyword_check(step: Step, held: Held) -> Check | None:
    """Return the judgement on an argument whose form is known: a keyword, or a value that was charged like one."""
    form, room, name = step.call.form, held.room, step.call.name.decode("utf-8", "replace")
    if form is Form.KEYWORD:
        if held.fact is None or room is None or room.any_name:
            return Check(name, "", False, f"keywords.{'unknown' if held.fact is None else UNRESOLVED}")
        listed = step.call.name in room.names
    elif form is Form.POSITIONAL and room is not None and held.paid < held.extra + other_price(step.call, held):
        listed = False
    else:
        return None
    assert held.fact is not None
    return Check(name, held.fact.origin, listed, f"keywords.{held.fact.kind}", "" if listed else "unlisted")


def no_comma(call: Call, lacks: bool, words: AnyOf) -> Continuations | None:
    """Return all bytes that may stand behind an argument after which a call takes nothing more.

    Args:
        call: The call.
        lacks: It may not end yet.
        words: What may be the name that the argument begins with.
    """
    refused = _COMMA | _CLOSING if lacks else _COMMA
    if call.form not in (Form.NAME, Form.NAMED):
        return bytes_but(refused)
    if call.named_only or call.name not in words:
        return None
    longer = (byte for byte in WORD if call.form is Form.NAMED or words.fits(call.name + bytes((byte,))))
    return bytes_but(refused | _EQUALS | (WORD - frozenset(longer)))


@lru_cache(maxsize=64)
def bytes_but(refused: frozenset[int]) -> Continuations:
    """Return all bytes but some, as what may come next."""
    return Continuations(tuple(bytes((byte,)) for byte in range(256) if byte not in refused))
