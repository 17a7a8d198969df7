"""What fits into a call, by hand-made signatures."""

from __future__ import annotations

import pytest

from analysis.facts import Parameter, ParameterKind, Signature
from monitors.arguments import Call
from monitors.rooms import arity_row, room_of, strings_of

ONLY, PLAIN, NAMED = ParameterKind.POSITIONAL_ONLY, ParameterKind.POSITIONAL, ParameterKind.KEYWORD_ONLY
ONE = Signature((Parameter("a", ONLY, True, ("x",)), Parameter("b", PLAIN, False, ("y",)), Parameter("c", NAMED, True)))
OTHER = Signature((Parameter("b", PLAIN, True, ("z",)),))
ALL = Signature((Parameter("a", PLAIN, True), Parameter("r", ParameterKind.VAR_POSITIONAL, False)))


def call(positional: int = 0, keywords: str = "", starred: bool = False) -> Call:
    """Return a call with these finished arguments."""
    return Call("f", 2, 1, positional=positional, keywords=frozenset(keywords.encode().split()), starred=starred)


ROOMS = (
    ((ONE,), call(), True, "b c"),
    ((ONE,), call(1), True, "b c"),
    ((ONE,), call(2), False, "c"),
    ((ONE,), call(1, "b"), False, "c"),
    ((ONE,), call(1, "c"), True, "b"),
    ((ONE,), call(2, starred=True), True, "c"),
    ((ONE, OTHER), call(), True, "b c"),
    ((ONE, OTHER), call(0, "b"), True, "c"),
    ((OTHER, ALL), call(1), True, ""),
    ((ALL,), call(9), True, ""),
)


@pytest.mark.parametrize(("ways", "so_far", "more", "names"), ROOMS)
def test_rooms(ways: tuple[Signature, ...], so_far: Call, more: bool, names: str) -> None:
    """What the next argument may be, by any signature that fits so far."""
    room = room_of(ways, so_far)
    assert room is not None
    assert (room.more, b" ".join(room.names.ordered).decode(), room.any_name) == (more, names, False)


def test_no_room_where_no_signature_fits() -> None:
    """Arguments that no signature takes show that these are not the callee's."""
    assert room_of((ONE, OTHER), call(3)) is None
    assert room_of((ONE,), call(0, "other")) is None


def test_what_the_suffix_passes_is_taken() -> None:
    """Keywords behind the cursor are no room."""
    room = room_of((ONE,), call(1), frozenset((b"c",)))
    assert room is not None
    assert room.names.ordered == (b"b",)


@pytest.mark.parametrize(
    ("ways", "finished", "row"),
    [
        ((ONE,), call(1, "c"), ""),
        ((ONE,), call(2), "missing"),
        ((ONE,), call(0, "b c"), "missing"),
        ((ONE,), call(3, "c"), "extra"),
        ((ONE, OTHER), call(1), ""),
        ((OTHER, ALL), call(0), "missing"),
        ((ONE,), call(0, starred=True), ""),
        ((ALL,), call(5), ""),
    ],
)
def test_arity(ways: tuple[Signature, ...], finished: Call, row: str) -> None:
    """A finished call is judged by the signature that suits it best."""
    assert arity_row(ways, finished) == row


@pytest.mark.parametrize(
    ("ways", "so_far", "name", "strings"),
    [
        ((ONE,), call(), b"", "x"),
        ((ONE,), call(1), b"", "y"),
        ((ONE,), call(2), b"", ""),
        ((ONE,), call(), b"a", ""),
        ((ONE,), call(), b"b", "y"),
        ((ONE,), call(), b"c", ""),
        ((ONE, OTHER), call(), b"b", "y z"),
        ((ONE, ALL), call(), b"", ""),
        ((ONE,), call(0, starred=True), b"", ""),
    ],
)
def test_strings(ways: tuple[Signature, ...], so_far: Call, name: bytes, strings: str) -> None:
    """A parameter's literals are united over the signatures; one that takes anything frees all."""
    assert strings_of(ways, so_far, name) == frozenset(strings.split())
