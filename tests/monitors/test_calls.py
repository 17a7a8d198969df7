"""The monitor ``calls``: which arguments cost what, and which questions are asked."""

from __future__ import annotations

import math
from dataclasses import replace
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.facts import UNRESOLVED, Fact, FactKey, FactView, Parameter, ParameterKind, Signature
from analysis.python.lexicon import WORD
from analysis.python.scanner import scan_text
from monitors.base import Check, Lexed, Site
from monitors.calls import Calling, Calls
from monitors.strength import Rate, Strength
from tests.monitors import sites
from tests.monitors.laws import FRAGMENTS, check_laws, cut_points

UNLISTED, EXTRA, MISSING = math.log(0.01), math.log(0.02), math.log(0.05)
STRENGTH = Strength(
    {
        "keywords.function.unlisted": Rate(600, 1, 0.01),
        "arity.function.extra": Rate(600, 5, 0.02),
        "arity.function.missing": Rate(600, 20, 0.05),
    }
)
SOURCE = """\
import lib
outside = 1
$0
print(late_word)
"""


def signature(text: str) -> Signature:
    """Read parameters as in a definition: ``a, b=, /, c, *d, e=, **f``."""
    parameters: list[Parameter] = []
    kind = ParameterKind.POSITIONAL
    for part in filter(None, text.replace(" ", "").split(",")):
        name = part.strip("*=")
        if part == "/":
            parameters = [replace(p, kind=ParameterKind.POSITIONAL_ONLY) for p in parameters]
        elif part.startswith("**"):
            parameters.append(Parameter(name, ParameterKind.VAR_KEYWORD, False))
        elif part.startswith("*"):
            if name:
                parameters.append(Parameter(name, ParameterKind.VAR_POSITIONAL, False))
            kind = ParameterKind.KEYWORD_ONLY
        else:
            parameters.append(Parameter(name, kind, not part.endswith("=")))
    return Signature(tuple(parameters))


CALLEES = {
    "two": ("function", "first, second="),
    "only": ("function", "first, /, *, flag="),
    "any_names": ("function", "first, **options"),
    "any_number": ("function", "first, *others, flag="),
    "nothing": ("function", ""),
    "needs_flag": ("function", "*, flag"),
    "lib.either": ("function", "first", "first, second, third"),
    "weak": ("parameter", "first"),
    "dark": (UNRESOLVED,),
}


def site(text: str = SOURCE) -> Site:
    """Return the request at the mark; what counts as bound is what the middle binds."""
    at = sites.site(text)
    return replace(at, start=at.start.fresh())


def view(at: Site) -> FactView:
    """Return the facts in ``CALLEES``."""
    facts = {}
    for callee, (kind, *ways) in CALLEES.items():
        key = FactKey("signatures", at.document.digest, callee)
        facts[key] = Fact(key, frozenset(), kind, "this file", tuple(signature(way) for way in ways))
    return FactView(MappingProxyType(facts), 1)


def write(at: Site, text: str, facts: FactView) -> tuple[float, Calling]:
    """Write a middle, typed part included."""
    monitor = Calls(at, STRENGTH)
    lexed = Lexed.of(at.start, text.encode())
    return monitor.step(monitor.start(), lexed, facts)


PENALTIES = (
    # Keywords.
    ("two(first=1)", 0.0),
    ("two(1, second=2)", 0.0),
    ("two(1, third=2)", UNLISTED),
    ("two(1, outside=2)", UNLISTED),
    ("two(1, first=2)", UNLISTED),
    ("two(1, secon", 0.0),
    ("two(1, secox", UNLISTED),
    ("two(1, secon=1", UNLISTED),
    ("two(1, secon = 1", UNLISTED),
    ("two(1, outside == 2)", 0.0),
    ("two(1, outside==2)", UNLISTED),
    ("two(second=1, f", 0.0),
    ("two(second=1, o", UNLISTED),
    ("two(second=1, secon", UNLISTED),
    ("only(1, flag=1)", 0.0),
    ("only(first=1", UNLISTED),
    ("any_names(1, whatever=2)", 0.0),
    ("two(not outside)", 0.0),
    ("two(async", UNLISTED),
    ("any_number(1, 2, 3, flag=1)", 0.0),
    ("any_number(1, 2, 3, flak=1)", UNLISTED),
    ("lib.either(1, second=2)", MISSING),
    ("lib.either(1, second=2, third=3)", 0.0),
    ("two(*outside, second=1)", 0.0),
    ("two(*outside, third=1)", UNLISTED),
    ("two(**outside, third=1)", UNLISTED),
    ("two(1, a=two(1, b=2))", 2 * UNLISTED),
    ("weak(1, a=2)", math.log(0.5)),
    # Values.
    ("two(outside)", 0.0),
    ("two(late_word)", 0.0),
    ("two(not outside)", 0.0),
    ("two(f'{outside}')", 0.0),
    ("two(invente", UNLISTED),
    ("two(invented)", UNLISTED),
    ("two(outsid)", UNLISTED),
    ("mine = 1\ntwo(mine)", 0.0),
    ("mine = 1\ntwo(mi)", UNLISTED),
    ("two(lambda x: x, [x for x, y in outside])", 0.0),
    # How many.
    ("two(1, 2)", 0.0),
    ("two(1, 2,", EXTRA),
    ("two(1, 2, 3)", EXTRA),
    ("two(1, 2, *outside)", EXTRA),
    ("two(\n    1,\n    2,\n)", 0.0),
    ("two(\n    1,\n    2,\n    3", EXTRA),
    ("two(\n    1,\n    2,\n    outside", EXTRA),
    ("two(\n    1,\n    2,\n    3,\n    4", EXTRA),
    ("only(1, f", 0.0),
    ("only(1, 2", EXTRA),
    ("only(1, outside", EXTRA),
    ("only(1, flag)", EXTRA + UNLISTED),
    ("nothing()", 0.0),
    ("nothing(1", EXTRA),
    ("two(second=1, first=2, ", EXTRA),
    ("any_number(1, 2, 3)", 0.0),
    ("lib.either(1, 2, 3)", 0.0),
    ("lib.either(1, 2)", MISSING),
    ("two(*outside, 1, 2, 3)", 0.0),
    # Whether all is there.
    ("two()", MISSING),
    ("two(second=1)", MISSING),
    ("two(*outside)", 0.0),
    ("two(**outside)", 0.0),
    ("needs_flag()", MISSING),
    ("needs_flag(flag=1)", 0.0),
    # Where nothing is said.
    ("dark(1, 2, whatever=3)", 0.0),
    ("unknown(1, 2, whatever=3)", 0.0),
    ("def two(a, b, c, d): pass", 0.0),
    ("class two(a, b, c, d=1): pass", 0.0),
    ("'two(1, third=2)'", 0.0),
    ("two(1, a=2, 3, b=4)", UNLISTED),
)


@pytest.mark.parametrize(("text", "penalty"), PENALTIES)
def test_penalties(text: str, penalty: float) -> None:
    """An argument costs as soon as nothing that its callee takes begins like it."""
    at = site()
    assert write(at, text, view(at))[0] == pytest.approx(penalty)


def test_keywords_of_the_suffix_are_taken() -> None:
    """What the rest of the cursor's call passes by name cannot be passed again."""
    at = site("two(\n    $0\n    second=2,\n)\n")
    assert write(at, "    first=1", view(at))[0] == 0.0
    assert write(at, "    second=1", view(at))[0] == pytest.approx(UNLISTED)
    assert write(at, "    print(second=1", view(at))[0] == 0.0


@pytest.mark.parametrize("new", ["    first=1", "    first=1,"])
def test_the_suffix_may_pass_its_own_keywords(new: str) -> None:
    """Where the middle ends, the keywords behind it are not passed twice because they stand there."""
    at = site("two(\n    $0\n    second=2,\n)\n")
    _, state = write(at, new, view(at))
    end = Lexed.of(Lexed.of(at.start, new.encode()).after[-1], at.suffix, is_suffix=True)
    assert Calls(at, STRENGTH).step(state, end, view(at))[0] == 0.0


def test_a_call_opened_before_the_middle_is_held() -> None:
    """Calls that the prefix opens have their questions, too."""
    at = site("only(\n    1,\n    $0\n)\n")
    assert Calls(at, STRENGTH).needs(Calls(at, STRENGTH).start(), at.start) == (
        FactKey("signatures", at.document.digest, "only"),
    )
    assert write(at, "    2", view(at))[0] == pytest.approx(EXTRA)
    assert write(at, "    flag=2", view(at))[0] == 0.0


def test_a_fact_counts_from_the_next_argument_on() -> None:
    """Absence is latched with an argument's first byte."""
    at = site()
    monitor, empty, facts = Calls(at, STRENGTH), FactView(), view(at)
    key = FactKey("signatures", at.document.digest, "two")
    opened, first, rest = Lexed.of(at.start, b"two("), b"1", b", third=2"
    state = monitor.step(monitor.start(), opened, empty)[1]
    assert (monitor.missing(state), monitor.needs(state, opened.after[-1])) == ((), (key,))
    late = monitor.step(state, text := Lexed.of(opened.after[-1], first), empty)[1]
    assert monitor.missing(late) == (key,)
    assert monitor.step(late, Lexed.of(text.after[-1], rest), facts)[0] == pytest.approx(UNLISTED)
    assert monitor.step(late, Lexed.of(text.after[-1], rest), empty)[0] == 0.0
    assert monitor.missing(monitor.step(state, text, facts)[1]) == ()


def test_checks() -> None:
    """Keywords and finished calls behind the cursor are judged; what the user typed is not."""
    at = site(SOURCE.replace("$0", "two(1, a=2); two(1, $0"))
    text = "two(1, a=2); two(1, second=1, b=2); any_names(1, x=1); two(invented, 1, 2); f(c=1); dark(d=1)"
    facts = view(at)
    kinds = [
        (check.name, check.listed, check.fact, check.row)
        for check in Calls(at, STRENGTH).checks(write(at, text, facts)[1])
    ]
    assert kinds == [
        ("second", True, "keywords.function", ""),
        ("b", False, "keywords.function", "unlisted"),
        ("two()", True, "arity.function", ""),
        ("x", False, "keywords.unresolved", ""),
        ("any_names()", True, "arity.function", ""),
        ("invented", False, "keywords.function", "unlisted"),
        ("two()", False, "arity.function", "extra"),
        ("c", False, "keywords.unknown", ""),
        ("d", False, "keywords.unresolved", ""),
    ]
    assert Check("second", "this file", True, "keywords.function", "") in Calls(at, STRENGTH).checks(
        write(at, text, facts)[1]
    )


def test_continuations() -> None:
    """Behind a keyword, or with all places taken, only parameters may come; a name in front goes on to a known word."""
    at = site()

    def rests(text: str) -> set[bytes] | None:
        found = Calls(at, STRENGTH).continuations(write(at, text, view(at))[1])
        return None if found is None else set(found.texts)

    assert rests("two(second=1, f") == {b"irst="}
    assert rests("only(1, f") == {b"lag="}
    assert rests("only(1, x") is None
    assert rests("two(fi") == {b"rst", b"lter"}
    assert rests("two(out") == {b"side"}
    assert rests("mine = 1; two(mi") == {b"n", b"ne"}
    assert rests("two(xyz") is None
    assert rests("any_names(f") is None
    assert rests("any_names(a=1, f") is None
    assert rests("needs_flag(") == {b"flag=", b"*", b"\n"}
    assert rests("only(1,") == {b"flag=", b" flag=", b"*", b" *", b")", b" )", b"\n"}
    assert rests("only(1, ") == {b"flag=", b"*", b")"}
    assert rests("two(second=1, ") == {b"first=", b"*"}
    assert rests("two(1, ") is None
    assert rests("only(\n    1,\n") is None


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("two(1, 2", b","),
        ("two(1, second=2", b","),
        ("two(1, [2]", b","),
        ("two(1, lambda a: 2", b","),
        ("two(1, outside", b",=" + bytes(WORD)),
        ("two(1, outside ", b",="),
        ("only(1, flag=(2)", b","),
    ],
)
def test_where_nothing_more_fits_all_but_a_comma_may_come(text: str, refused: bytes) -> None:
    """The set is finite, so that the doubts of a weak model do not count for the comma."""
    at = site()
    found = Calls(at, STRENGTH).continuations(write(at, text, view(at))[1])
    assert found is not None
    assert set(found.texts) == {bytes((byte,)) for byte in range(256)} - {bytes((byte,)) for byte in refused}


@pytest.mark.parametrize(
    "text", ["two(1", "two(1, [2", "two(1, '2", "two(1, lambda a", "any_names(1", "two(\n1,\n2", "two(1, 2)"]
)
def test_where_more_may_fit_anything_may_come(text: str) -> None:
    """Inside other brackets and strings, and where a comma ends a line of the call, a comma is free."""
    at = site()
    assert Calls(at, STRENGTH).continuations(write(at, text, view(at))[1]) is None


def test_questions() -> None:
    """The callee is asked about before its bracket if it is called elsewhere, and with it otherwise."""
    at = site()

    def asked(text: str) -> list[tuple[str, str]]:
        state = write(at, text, FactView())[1]
        needed = Calls(at, STRENGTH).needs(state, scan_text(text, at.start))
        return [(key.receiver, key.middle) for key in needed]

    assert asked("x = print") == [("print", "")]
    assert asked("x = outside") == []
    assert asked("x = outside(") == [("outside", "")]
    assert asked("x = outside(1, print") == [("outside", ""), ("print", "")]
    assert asked("def mine(a): pass\nmine(") == [("mine", "def mine(a): pass\n")]
    assert asked("if (a, b") == []


PIECES = (*FRAGMENTS, b"two(", b"only(", b"any_names(", b"first=", b"flag=1, ", b"*", b", ", b")", b"outside", b"seco")


@given(text=st.lists(st.sampled_from(PIECES), max_size=24).map(b"".join), cuts=cut_points(), known=st.booleans())
def test_laws(text: bytes, cuts: list[int], known: bool) -> None:
    """The laws hold with facts and without, in and outside a call of the prefix."""
    for document in (SOURCE, "only(\n    1,\n    $0\n    flag=1,\n)\n"):
        at = site(document)
        check_laws(Calls(at, STRENGTH), at.start, at.typed + text, cuts, view(at) if known else FactView())
