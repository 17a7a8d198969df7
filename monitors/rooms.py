"""What a callee still takes: signatures held against the arguments that a call has so far."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from analysis.facts import Fact, FactKey, Parameter, ParameterKind, Signature
from monitors.arguments import Call
from monitors.words import Words

BY_POSITION = (ParameterKind.POSITIONAL_ONLY, ParameterKind.POSITIONAL)
BY_NAME = (ParameterKind.POSITIONAL, ParameterKind.KEYWORD_ONLY)


@dataclass(frozen=True, slots=True)
class Room:
    """What the next argument of a call may be.

    Attributes:
        more: One more positional argument fits.
        names: Keywords that fit.
        any_name: Any keyword fits.
    """

    more: bool
    names: Words
    any_name: bool


class Rooms:
    """The rooms that one request has asked for: each is made once, for every candidate and token after it."""

    def __init__(self) -> None:
        """Know none."""
        self._made: dict[tuple[FactKey, int, frozenset[bytes], bool, frozenset[bytes]], tuple[Fact, Room | None]] = {}

    def of(self, fact: Fact, call: Call, taken: frozenset[bytes]) -> Room | None:
        """Return ``room_of`` the fact's signatures."""
        arguments = (fact.key, call.positional, call.keywords, call.starred, taken)
        made = self._made.get(arguments)
        if made is None or made[0] is not fact:
            made = self._made[arguments] = fact, room_of(fact.signatures, call, taken)
        return made[1]


def room_of(signatures: tuple[Signature, ...], call: Call, taken: frozenset[bytes] = frozenset()) -> Room | None:
    """Return what fits as the next argument, by any signature that fits the arguments so far.

    Args:
        signatures: All ways to call it.
        call: The finished arguments.
        taken: Keywords that the suffix passes.

    Returns:
        None if no signature fits so far: then these are not the callee's.
    """
    fitting = [signature for signature in signatures if fits(signature, call)]
    if not fitting:
        return None
    more = call.starred or any(has(s, ParameterKind.VAR_POSITIONAL) or _open_places(s, call) for s in fitting)
    any_name = any(has(signature, ParameterKind.VAR_KEYWORD) for signature in fitting)
    used = call.keywords | taken
    names = (name for signature in fitting for p in _nameable(signature, call) if (name := p.name.encode()) not in used)
    return Room(more, Words.of(names), any_name)


def fits(signature: Signature, call: Call) -> bool:
    """Whether the finished arguments of a call can be passed like that; required ones may still be lacking."""
    if not has_places(signature, call):
        return False
    names = {parameter.name.encode() for parameter in signature.parameters if parameter.kind in BY_NAME}
    return has(signature, ParameterKind.VAR_KEYWORD) or call.keywords <= names


def has_places(signature: Signature, call: Call) -> bool:
    """Whether there is a parameter for every finished positional argument."""
    return has(signature, ParameterKind.VAR_POSITIONAL) or len(_places(signature)) >= call.positional


def lacks(signature: Signature, call: Call) -> bool:
    """Whether a required parameter gets no argument in a finished call; unpacked arguments may be anything."""
    if call.starred or call.doubled:
        return False
    late = (*_places(signature)[call.positional :], *_only_named(signature))
    return any(parameter.required and parameter.name.encode() not in call.keywords for parameter in late)


def arity_row(signatures: tuple[Signature, ...], call: Call) -> str:
    """Return the row that a finished call is charged by, "" for none."""
    enough = [signature for signature in signatures if has_places(signature, call)]
    if not enough:
        return "extra"
    meant = [signature for signature in enough if fits(signature, call)] or enough
    return "missing" if all(lacks(signature, call) for signature in meant) else ""


def has(signature: Signature, kind: ParameterKind) -> bool:
    """Whether a signature has a parameter of that kind."""
    return any(parameter.kind is kind for parameter in signature.parameters)


def _places(signature: Signature) -> list[Parameter]:
    return [parameter for parameter in signature.parameters if parameter.kind in BY_POSITION]


def _open_places(signature: Signature, call: Call) -> bool:
    """Whether a positional parameter is left that has got no keyword argument either."""
    left = _places(signature)[call.positional :]
    return bool(left) and left[0].name.encode() not in call.keywords


def _only_named(signature: Signature) -> Iterator[Parameter]:
    return (parameter for parameter in signature.parameters if parameter.kind is ParameterKind.KEYWORD_ONLY)


def _nameable(signature: Signature, call: Call) -> Iterator[Parameter]:
    """Yield the parameters that can be passed by name and have not been passed by position."""
    late = _places(signature)[call.positional :]
    yield from (parameter for parameter in late if parameter.kind is ParameterKind.POSITIONAL)
    yield from _only_named(signature)


def strings_of(signatures: tuple[Signature, ...], call: Call, name: bytes = b"") -> frozenset[str]:
    """Return the string literals that may be the next argument; none if any may.

    Args:
        signatures: All ways to call it.
        call: The finished arguments.
        name: The keyword that the argument is passed by, b"" for none.
    """
    found = (_reached(way, call, name) for way in signatures if fits(way, call)) if not call.starred else ()
    reached = [parameter.strings for parameter in found if parameter is not None]
    return frozenset().union(*reached) if reached and all(reached) else frozenset()


def _reached(signature: Signature, call: Call, name: bytes) -> Parameter | None:
    """Return the parameter that the next argument reaches, by that name if it has one; None if there is none."""
    if name:
        return next((p for p in signature.parameters if p.kind in BY_NAME and p.name.encode() == name), None)
    return parameter_reached(signature, call)


def parameter_reached(signature: Signature, call: Call) -> Parameter | None:
    """Return the parameter that the next positional argument reaches, None if there is none."""
    places = _places(signature)
    return places[call.positional] if call.positional < len(places) else None
