"""The monitor ``members``: which strings cost what, and which questions are asked."""

from __future__ import annotations

import math
from dataclasses import replace
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.facts import UNRESOLVED, Fact, FactKey, FactView, Parameter, ParameterKind, Signature
from analysis.python.scanner import scan_text
from monitors.base import Check, Lexed, Site
from monitors.members import Members, Reading
from monitors.strength import Rate, Strength
from tests.monitors import sites
from tests.monitors.laws import FRAGMENTS, check_laws, cut_points

CALL, NAME, KEY = math.log(0.01), math.log(0.02), math.log(0.08)
STRENGTH = Strength(
    {"literals.argument.unlisted": Rate(600, 1, 0.01), "literals.declared.unlisted": Rate(600, 5, 0.02)}
    | {"literals.keys.unlisted": Rate(132, 5, 0.08)},
)
SOURCE = """\
import lib
def f(state, other):
    match state:
        $0
"""

ANY, MODES, ORDERS = (), ("r", "rb", "w"), ("big", "little", "naïve")


def site(text: str = SOURCE) -> Site:
    """Return the request at the mark; what counts as bound is what the middle binds."""
    at = sites.site(text)
    return replace(at, start=at.start.fresh())


def way(*strings: tuple[str, ...]) -> Signature:
    """Return a signature whose parameters ``a``, ``b``, ... take these strings."""
    return Signature(
        tuple(Parameter(n, ParameterKind.POSITIONAL, False, s) for n, s in zip("abc", strings, strict=False))
    )


def view(at: Site) -> FactView:
    """Return what is known of some callees and names."""
    callees = {
        "lib.open": ("function", (way(ANY, MODES, ORDERS),)),
        "twice": ("function", (way(MODES), way(ORDERS, ANY))),
        "loose": ("function", (way(MODES), way(ANY))),
        "dark": (UNRESOLVED, ()),
    }
    facts = {}
    for callee, (kind, ways) in callees.items():
        key = FactKey("signatures", at.document.digest, callee)
        facts[key] = Fact(key, frozenset(), kind, "lib 1.0", ways)
    for name in ("state", "self.kind"):
        key = FactKey("literals", at.document.digest, name)
        facts[key] = Fact(key, frozenset(("on", "off")), "declared", "this file")
    for name in ("config[", "self.table["):
        key = FactKey("literals", at.document.digest, name)
        facts[key] = Fact(key, frozenset(("host", "port")), "keys", "this file")
    unknown = FactKey("literals", at.document.digest, "other")
    facts[unknown] = Fact(unknown, frozenset(), UNRESOLVED, "")
    return FactView(MappingProxyType(facts), 1)


def write(at: Site, text: str, facts: FactView) -> tuple[float, Reading]:
    """Write a middle, typed part included."""
    monitor = Members(at, STRENGTH)
    lexed = Lexed.of(at.start, text.encode())
    return monitor.step(monitor.start(), lexed, facts)


PENALTIES = (
    # Arguments.
    ("lib.open('x', 'r')", 0.0),
    ("lib.open('x', 'rb'", 0.0),
    ("lib.open('x', \"x", CALL),
    ("lib.open('x', 'rw')", CALL),
    ("lib.open('x', '')", CALL),
    ("lib.open('x', b='r', c='nai'", CALL),
    ("lib.open('x', c='naïve')", 0.0),
    ("lib.open('x', c = 'x')", 0.0),
    ("lib.open('x', mode='x')", 0.0),
    ("lib.open('x', 'x', 'y')", 2 * CALL),
    ("lib.open(*x, 'y')", 0.0),
    ("lib.open('x', ('y'))", 0.0),
    ("lib.open('x', f('y'))", 0.0),
    ("lib.open('x', rb'y')", 0.0),
    ("lib.open('x', f'{lib.open(1, 'y'", CALL),
    ("lib.open(\n    'x',\n    'y'", CALL),
    ("twice('w')", 0.0),
    ("twice('big')", 0.0),
    ("twice('small')", CALL),
    ("loose('small')", 0.0),
    ("dark('small')", 0.0),
    ("unknown('small')", 0.0),
    ("'lib.open(1, \"y\")'", 0.0),
    # Names.
    ("x = state == 'on'", 0.0),
    ("x = state == 'o", 0.0),
    ("x = state == 'of'", NAME),
    ("x = state=='x", NAME),
    ('if state != "x', NAME),
    ("if self.kind == 'x", NAME),
    ("if x.self.kind == 'x", 0.0),
    ("if x().state == 'x", 0.0),
    ("if other == 'x", 0.0),
    ("if lib == 'x", 0.0),
    ("state = 'x'", 0.0),
    ("f(state == 'x')", NAME),
    # Keys.
    ("x = config['host']", 0.0),
    ('x = config["ho', 0.0),
    ("x = config['hos']", KEY),
    ("f(1, self.table['x", KEY),
    ("x = config['host']['x']", 0.0),
    ("x = f(config)['x']", 0.0),
    ("x = other.config['x']", 0.0),
    ("x = config['x' + y]", KEY),
    ("x = config['ho\\x73t']", KEY),
    ("x = config['ho\n", KEY),
    ("lib.open('x', c='na\\xefve')", 0.0),
    ("lib.open('x', c='n\\xefve')", CALL),
    ("x = config[f('x')]", 0.0),
    ("x = config[y:'x']", 0.0),
    ("x = ['x']", 0.0),
    ("config['x'] = 1", 0.0),
    ("config['x'] = 1; y = config['x']", 0.0),
    ("config.update(x=1); y = config['x']", 0.0),
    ("my_config['x'] = 1; y = config['x']", KEY),
    # Cases.
    ("case 'on':", 0.0),
    ("case 'onn", NAME),
    ("case 'on' | 'x", NAME),
    ("case ['x", 0.0),
    ("case 'on' if other == 'x'", 0.0),
)


@pytest.mark.parametrize(("text", "penalty"), PENALTIES)
def test_penalties(text: str, penalty: float) -> None:
    """A string costs as soon as no allowed one begins like it."""
    at = site()
    assert write(at, "        " + text, view(at))[0] == pytest.approx(penalty)


def test_case_of_the_right_match() -> None:
    """The match statement around counts, be it in the middle; not one further in, nor one on a call."""
    at = site(SOURCE.replace("match state", "match other"))
    assert write(at, "        case 'x", view(at))[0] == 0.0
    assert write(at, "        case 1:\n            match state:\n                case 'x", view(at))[
        0
    ] == pytest.approx(NAME)
    text = "        case 1:\n            match state:\n                case 'on': pass\n        case 'x"
    assert write(at, text, view(at))[0] == 0.0


def test_checks_name_what_was_written_behind_the_cursor() -> None:
    """Each finished string is judged; what the user typed is not."""
    at = site(SOURCE.replace("$0", "lib.open(1, 'r', $0"))
    text = "        lib.open(1, 'r', 'small'); x = state == 'on'"
    assert Members(at, STRENGTH).checks(write(at, text, view(at))[1]) == (
        Check("small", "lib 1.0", False, "literals.argument", "unlisted"),
        Check("on", "this file", True, "literals.declared", ""),
    )


def test_questions() -> None:
    """A name is asked about when it is compared; what has no answer when the string begins is missing."""
    at = site()
    key = FactKey("literals", at.document.digest, "state")
    monitor, (_, state) = Members(at, STRENGTH), write(at, "        if state == ", FactView())
    assert (monitor.needs(state, scan_text("        if state == ", at.start)), monitor.missing(state)) == ((key,), ())
    _, state = write(at, "        if state == 'o", FactView())
    assert (monitor.needs(state, scan_text("        if state == 'o", at.start)), monitor.missing(state)) == ((), (key,))
    assert monitor.missing(write(at, "        if state == 'o", view(at))[1]) == ()


def test_continuations_are_the_rests_of_the_strings() -> None:
    """Inside a string of which only some may stand, what may come next is known."""
    at = site()

    def rests(text: str) -> set[bytes] | None:
        found = Members(at, STRENGTH).continuations(write(at, "        " + text, view(at))[1])
        return None if found is None else set(found.texts)

    assert rests("lib.open(1, 'r") == {b"'", b"b'"}
    assert rests('if state == "') == {b'on"', b'off"'}
    assert rests("if state == 'x") is None
    assert rests("if other == '") is None


PIECES = (*FRAGMENTS, b"lib.open(1, ", b"'r'", b"twice('", b"state == '", b"case '", b"on", b"b='", b"big", b"'")


@given(text=st.lists(st.sampled_from(PIECES), max_size=24).map(b"".join), cuts=cut_points(), known=st.booleans())
def test_laws(text: bytes, cuts: list[int], known: bool) -> None:
    """The laws hold with facts and without, in and outside a call of the prefix."""
    for document in (SOURCE, "lib.open(\n    1,\n    $0\n)\n"):
        at = site(document)
        check_laws(Members(at, STRENGTH), at.start, at.typed + text, cuts, view(at) if known else FactView())
