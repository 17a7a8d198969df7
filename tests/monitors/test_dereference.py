"""The monitor ``dereference``: which names cost what, and which questions are asked."""

from __future__ import annotations

import math
from dataclasses import replace
from types import MappingProxyType

import pytest
from hypothesis import given

from analysis.facts import UNRESOLVED, BaseDocument, Fact, FactKey, FactView
from analysis.python.scanner import scan_text
from monitors.base import Check, Lexed, Site
from monitors.dereference import Dereference, Trail
from monitors.options import Ban, Options
from monitors.questions import nearby
from monitors.strength import Rate, Strength
from tests.monitors import sites
from tests.monitors.laws import check_laws, cut_points, source_text

UNSEEN, SEEN, HIDDEN, START, BUILTIN, MODULE = (math.log(rate) for rate in (0.01, 0.2, 0.05, 0.03, 0.5, 0.5))
STRENGTH = Strength(
    {
        "attributes.self.unseen": Rate(600, 1, 0.01),
        "attributes.self.seen": Rate(600, 90, 0.2),
        "attributes.self.hidden": Rate(600, 20, 0.05),
        "attributes.start.unseen": Rate(600, 10, 0.03),
    },
    weights={"alike": 3.0, "similar": 1.0, "unlike": -2.0},
)
SOURCE = """\
import os
class Account:
    known_elsewhere = 1
    def pay(self, other):
        $0
        other.seen_here()
"""
NAMES = {
    "self": ("self", "amount allow owner _private __class__ naïve"),
    "os": ("module", "path getcwd"),
    "os.path": ("module", "join exists"),
    '""': ("builtin", "join upper"),
    "self.owner": (UNRESOLVED, ""),
}


def site(text: str) -> Site:
    """Return the request at the mark; what counts as bound is what the middle binds."""
    at = sites.site(text)
    return replace(at, start=at.start.fresh())


def key(receiver: str, middle: str = "", at: Site | None = None) -> FactKey:
    """Return a question about the source's base document, or another one's."""
    return FactKey("attributes", (at or site(SOURCE)).document.digest, receiver, middle)


def view(at: Site | None = None) -> FactView:
    """Return the facts in ``NAMES``."""
    facts = [
        Fact(key(receiver, at=at), frozenset(names.split()), kind, "this file")
        for receiver, (kind, names) in NAMES.items()
    ]
    return FactView(MappingProxyType({fact.key: fact for fact in facts}), 1)


def watch(at: Site) -> Dereference:
    """Return the monitor."""
    return Dereference(at, STRENGTH)


def write(at: Site, text: str, facts: FactView) -> tuple[float, Trail]:
    """Write a middle, typed part included."""
    monitor = watch(at)
    lexed = Lexed.of(at.start, text.encode())
    return monitor.step(monitor.start(), lexed, facts)


# What is written behind the indentation, and what it costs.
PENALTIES = (
    ("x = self.amount\n", 0.0),
    ("x = self.a", 0.0),
    ("x = self.amx", UNSEEN),
    ("x = self.amounts\n", UNSEEN),
    ("x = self.amoun\n", UNSEEN),
    ("x = self.amount.unknown_receiver\n", 0.0),
    ("x = self.seen", SEEN),
    ("x = self.seen_here\n", SEEN),
    ("x = self.seen_her\n", UNSEEN),
    ("x = self.seen_here_too\n", UNSEEN),
    ("x = self.known_elsewhere(", SEEN),
    ("x = self.amounts + self.seen_here\n", UNSEEN + SEEN),
    ("x = self._private, self.amount\n", 0.0),
    ("x = self._private, self.__class__\n", HIDDEN),
    ("x = self.__clas\n", UNSEEN),
    ("x = self.naïve\n", 0.0),
    ("x = self.naïvé\n", UNSEEN),
    ("x = self. amount\n", 0.0),
    ("x = (self\n    .amount)\n", 0.0),
    ("x = os.path.join(\n", 0.0),
    ("x = os.path.joint(\n", BUILTIN),
    ("x = os.pathe.joint(\n", BUILTIN),
    ('x = ", ".join(self.amount)\n', 0.0),
    ("x = 'a'.joint(self.amount)\n", BUILTIN),
    ("x = self.owner.anything\n", 0.0),
    ("x = other.anything\n", 0.0),
    ("x = 'self.nothing'\n", 0.0),
    ("x = 1  # self.nothing\n", 0.0),
    ("x = f'{self.nothing}'\n", UNSEEN),
    ("x = 1.real\n", 0.0),
    ("from self.nothing import x\n", 0.0),
    ("self.brand_new = 1\n", 0.0),
    ("self.brand_new.x = 1\n", START),
    ("self.brand_new(1)\n", START),
    ("self.brand_new[0] = 1\n", START),
    ("self.brand_new\n", 0.0),
    ("self.amount(1)\n", 0.0),
    ("os.getcwt = 1\n", MODULE),
    ("os.getcwt", MODULE),
    ("os.getcwd = 1\n", 0.0),
    ("self.a, self.brand_new = 1, 2\n", 0.0),
    ("for self.brand_new in x:\n", 0.0),
    ("self.brand_new = 1\n        print(self.brand_new)\n", 0.0),
    ("self.brand_new = 1\n        print(self.brand_nev)\n", UNSEEN),
    ("other.brand_new = 1\n        print(self.brand_new)\n", UNSEEN),
)


@pytest.mark.parametrize(("text", "penalty"), PENALTIES)
def test_penalties(text: str, penalty: float) -> None:
    """A name that the fact lacks costs as soon as no legal one begins like it, and as much as its class says."""
    at = site(SOURCE)
    score, _ = write(at, "        " + text, view())
    assert score == pytest.approx(penalty)


def test_what_is_banned_is_not_listed() -> None:
    """A name that is only a beginning of a banned one costs what any other does, from where nothing else fits."""
    at = replace(site(SOURCE), options=Options(banned=(Ban("os.getcwd"),)))
    assert write(at, "        x = os.getcw", view())[0] == pytest.approx(MODULE)
    found = watch(at).continuations(write(at, "        x = os.", view())[1])
    assert found is not None
    assert found.texts == (b"path",)


@pytest.mark.parametrize(
    ("middle", "penalty"),
    [
        ("amount", -3.0),
        ("allow", 0.0),
        ("owner", -5.0),
        ("__class__", HIDDEN - 3.0),
        ("brand_new", UNSEEN - 3.0),
        ("allow.known(self.owner)", 0.0),
        ("owner.known(self.allow)", -5.0),
    ],
)
def test_names_are_likelier_that_are_used_alike_elsewhere(middle: str, penalty: float) -> None:
    """Where the line goes on with ``(x)``: called so, nothing known of it, never called; later names are not at it."""
    at = site("        self.$0(x)\n        self.allow(x)\n        self.owner = self.owner\n")
    facts = view(at)
    monitor = watch(at)
    text = Lexed.of(at.start, b"        self." + middle.encode())
    state = monitor.step(monitor.start(), text, facts)[1]
    end = monitor.step(state, Lexed.of(text.after[-1], b"(x)", is_suffix=True), facts)[0]
    assert monitor.step(monitor.start(), text, facts)[0] + end == pytest.approx(penalty)


def test_a_call_at_the_start_of_a_statement_is_judged() -> None:
    """The certificate counts it; an assignment is not judged."""
    at = site(SOURCE)
    judged = [check.name for check in write(at, "        self.amount(1)\n        self.new = 1\n", view())[1].judged]
    assert judged == ["amount"]


# Rest of the cursor's line, and whether it shows that a name at a statement's start is read.
REMAINDERS = (
    ("", False),
    (" = 1", False),
    (", b = 1", False),
    (": int", False),
    ("(1)", True),
    (".x", True),
    ("[0]", True),
    (" == 1", True),
    (" + 1", True),
    (" += 1", True),
    (" if x else y", True),
)


@pytest.mark.parametrize(("remainder", "read"), REMAINDERS)
@pytest.mark.parametrize("typed", ["self.", "self.am"])
def test_what_stands_behind_the_cursor_tells_a_load(remainder: str, read: bool, typed: str) -> None:
    """The name at the cursor is held if the line goes on as only a load can; later names are not."""
    at = site(SOURCE.replace("$0", f"{typed}$0{remainder}"))
    facts = view(at)
    assert write(at, "        self.amx", facts)[0] == pytest.approx(UNSEEN if read else 0.0)
    assert write(at, "        self.amount\n        self.amx", facts)[0] == 0.0


@pytest.mark.parametrize(
    ("middle", "suffix", "penalty"),
    [
        ("x = self", ".nothing\n", 0.0),
        ("x = self.", "nothing\n", UNSEEN),
        ("x = self.amoun", "\nself.nothing", UNSEEN),
        ("x = os.path", ".nothing\n", 0.0),
    ],
)
def test_names_of_the_suffix_are_the_users(middle: str, suffix: str, penalty: float) -> None:
    """Where the middle ends, only a name whose dot it wrote is judged by what follows."""
    at = site(SOURCE)
    _, state = write(at, "        " + middle, view())
    end = Lexed.of(Lexed.of(at.start, b"        " + middle.encode()).after[-1], suffix.encode(), is_suffix=True)
    assert watch(at).step(state, end, view())[0] == pytest.approx(penalty)


def test_a_fact_counts_from_the_next_name_on() -> None:
    """Absence is latched with a name's first byte: a fact that comes inside the name changes nothing there."""
    at = site(SOURCE)
    monitor, empty, facts = watch(at), FactView(), view()
    dot, letter, rest = (Lexed.of(at.start, b"        x = self."), b"z", b"zz + self.zz")
    state = monitor.step(monitor.start(), dot, empty)[1]
    assert monitor.missing(state) == ()
    assert monitor.needs(state, dot.after[-1]) == (key("self"),)
    late = monitor.step(state, first := Lexed.of(dot.after[-1], letter), empty)[1]
    assert monitor.missing(late) == (key("self"),)
    assert monitor.step(late, Lexed.of(first.after[-1], rest), facts)[0] == pytest.approx(UNSEEN)
    early = monitor.step(state, first, facts)[1]
    assert monitor.missing(early) == ()
    assert monitor.step(early, Lexed.of(first.after[-1], rest), facts)[0] == pytest.approx(UNSEEN)
    assert monitor.step(state, first, facts)[0] == pytest.approx(UNSEEN)
    assert monitor.missing(monitor.step(late, Lexed.of(first.after[-1], b"z"), facts)[1]) == ()


def test_checks_name_what_was_written_behind_the_cursor() -> None:
    """The certificate gets each finished name with its origin; what the user typed and stores are left out."""
    at = site(SOURCE.replace("$0", "x = self.owner + self.am$0"))
    text = "        x = self.owner + self.amount + other.what + os.getcws\n        self.new = 1\n"
    assert watch(at).checks(write(at, text, view(at))[1]) == (
        Check("amount", "this file", True, "attributes.self", ""),
        Check("what", "", False, "attributes.unknown", ""),
        Check("getcws", "this file", False, "attributes.module", "unseen"),
    )


def test_continuations_are_the_rests_of_legal_names() -> None:
    """While a name is held, what may come next is known; elsewhere it is not."""
    at = site(SOURCE)
    monitor = watch(at)

    def rests(text: str) -> set[bytes] | None:
        found = monitor.continuations(write(at, "        " + text, view())[1])
        return None if found is None else set(found.texts)

    assert rests("x = self.a") == {b"mount", b"llow"}
    assert rests("x = os.path") == {b""}
    assert rests("x = self.zz") is None
    assert rests("x = self.owner.a") is None
    assert rests("x = self") is None
    assert rests("self.a") is None
    assert rests("self.new = 1\n        x = self.n") == {b"ew", "aïve".encode()}


# Middle, and the question that its last dot raises: receiver and middle.
QUESTIONS = (
    ("x = self.", "self", ""),
    ("x = 'abc'.", '""', ""),
    ("x = f(1)[2].", "f(1)[2]", ""),
    ("self = 1\n        print(self.", "self", "        self = 1\n"),
    ("for x in os: print(x.", "x", "        for x in os: print("),
    ("y = [x for x in os if x.", "x", "        y = [x for x in os if "),
    ("with open(1) as f:\n            return f.", "f", "        with open(1) as f:\n"),
    ("if isinstance(other, int):\n            return other.", "other", "        if isinstance(other, int):\n"),
    ("self.a = os\n        print(self.a.", "self.a", "        self.a = os\n"),
    ("self.a = os\n        print(self.ab.", "self.ab", ""),
    ("x = (os or self).", "(os or self)", ""),
)


@pytest.mark.parametrize(("text", "receiver", "middle"), QUESTIONS)
def test_questions(text: str, receiver: str, middle: str) -> None:
    """The base document is asked about unless the middle may have changed what the receiver is."""
    at = site(SOURCE)
    _, state = write(at, "        " + text, FactView())
    asked = watch(at).needs(state, scan_text("        " + text, at.start))
    assert [(k.receiver, k.middle.rstrip(" ")) for k in asked] == [(receiver, middle.rstrip(" "))]


@pytest.mark.parametrize(
    ("text", "receivers"),
    [
        ("x = self", ("self",)),
        ("x = other.self", ("other", "other.self")),
        ("x = f(1)", ("f(1)",)),
        ("x = 'a'", ('""',)),
        ("new_one = 1; x = new_one", ("new_one",)),
        ("x = sel", ()),
        ("x = return", ()),
        ("x = 1", ()),
    ],
)
def test_questions_ahead_of_the_dot(text: str, receivers: tuple[str, ...]) -> None:
    """A receiver that is written to its end is asked about before its dot; half a word is not."""
    at = site(SOURCE)
    _, state = write(at, "        " + text, FactView())
    assert tuple(k.receiver for k in watch(at).needs(state, scan_text("        " + text, at.start))) == receivers


def test_nearby_receivers_first() -> None:
    """After the names in scope, the receivers used last before the hole come first, each once."""
    prefix = "a.x()\nself.b.c = os.path.join(a.y)\n"
    document = BaseDocument("/project/a.py", "/project", prefix, "z.z\n")
    found = [(k.kind, k.receiver) for k in nearby(document, 3)]
    assert found == [("names", ""), *(("attributes", receiver) for receiver in ("a", "os.path", "self.b"))]


@given(text=source_text(), cuts=cut_points())
def test_laws_without_facts(text: bytes, cuts: list[int]) -> None:
    """The laws of all monitors hold."""
    at = site(SOURCE)
    check_laws(watch(at), at.start, text, cuts)


@given(text=source_text(), cuts=cut_points())
def test_laws_with_facts(text: bytes, cuts: list[int]) -> None:
    """The laws hold with facts, too: a name costs the same in one token or five."""
    at = site(SOURCE)
    check_laws(watch(at), at.start, text, cuts, view())


@given(text=source_text(), cuts=cut_points())
def test_laws_at_a_cursor_inside_a_name(text: bytes, cuts: list[int]) -> None:
    """The laws hold where the middle begins inside a name that is surely read."""
    at = site(SOURCE.replace("$0", "self.am$0(1)"))
    check_laws(watch(at), at.start, b"        self.am" + text, cuts, view(at))
