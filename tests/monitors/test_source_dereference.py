"""The monitor ``dereference`` of languages with a server: which members cost what, and which questions are asked."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.analyzers.language_servers.answers import NAMESPACE, SCOPE, TRUNCATED
from analysis.facts import UNRESOLVED, Fact, FactKey, FactView
from analysis.source.scanner import SourceScan, scan_source
from monitors.base import Check, Lexed, Site
from monitors.source_dereference import SourceDereference, Trail, nearby
from monitors.strength import Rate, Strength
from tests.monitors.laws import check_laws, cut_points
from tests.monitors.source_sites import trusted_site

NAMES = ("balance", "bank", "deposit", "größe", "$id", "#key")
SEEN, UNSEEN = math.log(0.02), math.log(0.01)
LANGUAGES = ("typescript", "javascript", "go", "cpp", "c", "rust", "java")
STRENGTH = Strength(
    {
        f"members.{kind}.{row}": Rate(300, 1, bound)
        for kind in (*LANGUAGES, SCOPE, NAMESPACE)
        for row, bound in (("seen", 0.02), ("unseen", 0.01))
    }
)
OF_OBJECTS = frozenset(("toString", "constructor"))
PREFIX = "before(elsewhere);\n"


def site(language: str, typed: str = "", remainder: str = "", prefix: str = PREFIX) -> Site[SourceScan]:
    """Return a request behind ``typed`` in a file that has a beginning."""
    return trusted_site(language, typed, remainder, prefix)


@dataclass(frozen=True)
class Everywhere(FactView):
    """Answers every question with the same names.

    Attributes:
        kind: Class of the facts.
    """

    kind: str = "typescript"

    def get(self, key: FactKey) -> Fact:
        """Answer."""
        names = frozenset(NAMES) if self.kind != UNRESOLVED and not key.receiver.startswith("object") else OF_OBJECTS
        return Fact(key, names, self.kind, "server 1.0")


def write(at: Site[SourceScan], text: str, view: FactView) -> tuple[float, Trail]:
    """Write a middle, typed part included."""
    monitor = SourceDereference(at, STRENGTH)
    return monitor.step(monitor.start(), Lexed.of(at.start, text.encode()), view)


PENALTIES = (
    ("go", "a.balance;", 0.0),
    ("go", "a.bal", 0.0),
    ("go", "a.balx", UNSEEN),
    ("go", "a.ball;", UNSEEN),
    ("go", "a.bal;", UNSEEN),
    ("go", "a.elsewhere;", SEEN),
    ("go", "a.else;", UNSEEN),
    ("go", "a.größe + b.größ ", UNSEEN),
    ("go", "f(a.x, b.y)", 2 * UNSEEN),
    ("go", "a.balance.x", UNSEEN),
    ("go", "a.x = 1", UNSEEN),
    ("go", "f(args...)", 0.0),
    ("go", "func f(a a.x) {", 0.0),
    ("go", "func() { a.x }", UNSEEN),
    ("go", "unsafe.x(a)", 0.0),
    ("go", "x.(type)", 0.0),
    ("go", "1.5 + 2.e3", 0.0),
    ("go", 'f("a.x") // a.x', 0.0),
    ("typescript", "a?.x;", UNSEEN),
    ("typescript", "a!.x;", UNSEEN),
    ("typescript", "f(`${a.x}`)", UNSEEN),
    ("typescript", "f(`a.x`)", 0.0),
    ("typescript", "[...rest.x]", UNSEEN),
    ("typescript", "f(...x)", 0.0),
    ("typescript", "a.$id + a.#key;", 0.0),
    ("typescript", "f()\n  .x()", UNSEEN),
    ("typescript", "a?.[0]", 0.0),
    # What is assigned may be new.
    ("javascript", "a.x = 1", 0.0),
    ("javascript", "a.x  =1;", 0.0),
    ("javascript", "a.x == 1", UNSEEN),
    ("javascript", "a.x;", UNSEEN),
    ("javascript", "a.x in b", UNSEEN),
    ("javascript", "a.x += 1", UNSEEN),
    ("javascript", "a.x.balance = 1", UNSEEN),
    ("javascript", "f(a.x", UNSEEN),
    ("javascript", "return a.x", UNSEEN),
    ("javascript", "module.exports = a.x = 1", 0.0),
    ("typescript", "a.x = 1", 0.0),
    ("typescript", "f(object.x)", 0.0),
    ("typescript", "f(process.env.x)", UNSEEN),  # that of env
    # Operators of C and C++.
    ("cpp", "p->x;", UNSEEN),
    ("cpp", "p->balance;", 0.0),
    ("cpp", "std::x;", 0.0),
    ("cpp", "auto f() -> x {", 0.0),
    ("cpp", "p->~T();", 0.0),
    ("cpp", "x = ::x(1);", 0.0),
    ("cpp", "return ::x(1);", 0.0),
    ("cpp", "x = A::balance + B::x;", UNSEEN),
    ("rust", "x = A::x;", 0.0),
    ("cpp", "a.template f<int>();", 0.0),
    ("c", "a.template f;", UNSEEN),
    ("c", "struct s v = { .x = 1 };", 0.0),
    ("c", "#define F(a) a.x", 0.0),
    ("rust", "f().await;", 0.0),
    ("java", "A.class;", 0.0),
)


@pytest.mark.parametrize(("language", "text", "penalty"), PENALTIES)
def test_penalties(language: str, text: str, penalty: float) -> None:
    """A member costs as soon as no listed one begins like it, or when it ends too soon."""
    assert write(site(language), text, Everywhere(kind=language))[0] == pytest.approx(penalty)


@pytest.mark.parametrize("kind", [TRUNCATED, UNRESOLVED])
def test_a_list_that_may_lack_names_says_nothing(kind: str) -> None:
    """Nor does one that could not be made; the certificate counts the name as not checked."""
    penalty, state = write(site("go"), "a.x;", Everywhere(kind=kind))
    assert (penalty, state.judged) == (0.0, (Check("x", "", False, "members.unresolved"),))


@pytest.mark.parametrize(
    ("kind", "text", "penalty"),
    [
        (SCOPE, "f(A::x);", UNSEEN),
        (SCOPE, "return A::x;", UNSEEN),
        (SCOPE, "if (a && A::x) {", UNSEEN),
        (SCOPE, "f(A::balance);", 0.0),
        (SCOPE, "void A::x() {", 0.0),
        (SCOPE, "B* A::x() {", 0.0),
        (SCOPE, "const B& A::x() {", 0.0),
        (SCOPE, "int A::x = 1;", 0.0),
        (NAMESPACE, "a::x b;", UNSEEN),
        (NAMESPACE, "std::x b;", 0.0),
    ],
)
def test_a_private_member_may_be_defined(kind: str, text: str, penalty: float) -> None:
    """Where no expression surely stands: there the list of a class, not that of a namespace, lacks what is private."""
    assert write(site("cpp"), text, Everywhere(kind=kind))[0] == pytest.approx(penalty)


def test_checks_name_what_was_written_behind_the_cursor() -> None:
    """What the user typed is not judged."""
    _, state = write(site("go", "f(a.x, "), "f(a.x, a.balance, a.saldo)", Everywhere(kind="go"))
    assert state.judged == (
        Check("balance", "server 1.0", True, "members.go", ""),
        Check("saldo", "server 1.0", False, "members.go", "unseen"),
    )


def test_what_stands_behind_the_cursor_shows_that_a_name_is_read() -> None:
    """There it is charged with its first wrong byte, not with what follows."""
    view = Everywhere(kind="javascript")
    assert write(site("javascript", "a."), "a.x", view)[0] == 0.0
    assert write(site("javascript", "a.", ".length;"), "a.x", view)[0] == pytest.approx(UNSEEN)


@pytest.mark.parametrize(
    ("text", "receiver", "middle"),
    [
        ("    a.x", "a.", ""),
        ("    f(a.b(1).x", "a.b(1).", "    f("),
        ("    b = 1;\n    a?.x", "a?.", "    b = 1;\n    "),
        ("    .x", ".", ""),
        ('    f("x").y', ".", '    f("x")'),
        ("    größe.x", "größe.", ""),
    ],
)
def test_the_question_holds_all_of_the_middle(text: str, receiver: str, middle: str) -> None:
    """What is asked is where the name stands; without an answer it is missing, and free."""
    at = site("typescript", prefix="make()\n")
    key = FactKey("members", at.document.digest, receiver, middle)
    penalty, state = write(at, text, FactView())
    assert (penalty, state.missing[-1:]) == (0.0, (key,))
    monitor = SourceDereference(at, STRENGTH)
    before = text[: -len("x")]
    _, begun = write(at, before, FactView())
    assert monitor.needs(begun, scan_source(before, at.start)) == (key,)


def test_what_an_operator_would_raise_is_asked_ahead() -> None:
    """For names that the document uses with an operator, and for those only."""
    prefix = "p->next; other(q);\nthing.part.name;\n"
    at = site("cpp", prefix=prefix)
    monitor = SourceDereference(at, STRENGTH)

    def ahead(text: str) -> tuple[FactKey, ...]:
        return monitor.needs(write(at, text, FactView())[1], scan_source(text, at.start))

    assert ahead("p") == (FactKey("members", at.document.digest, "p->"),)
    assert ahead("x = thing.part") == (
        FactKey("members", at.document.digest, "thing.", "x = "),
        FactKey("members", at.document.digest, "thing.part.", "x = "),
    )
    assert ahead("q") == ahead("return") == ()
    assert [key.receiver for key in nearby(at.document)] == ["thing.part.", "p->"]


def test_continuations_are_the_rests_of_the_names() -> None:
    """Behind the operator, and while a listed name may still come of it."""
    at = site("go")

    def rests(text: str) -> set[bytes] | None:
        found = SourceDereference(at, STRENGTH).continuations(write(at, text, Everywhere(kind="go"))[1])
        return None if found is None else set(found.texts)

    assert rests("a.ba") == {b"lance", b"nk"}
    assert rests("a.bank") == {b""}
    assert rests("a.x") is None
    assert rests("a") is None


FRAGMENTS = (
    *(b"a.balance", b"a.", b"?.", b"->", b"::", b"bal", b"ance", b"elsewhere", b"x", b" = ", b"==", b"f(", b")"),
    *(b"`", b"${", b"}", b'"', b"'", b"//", b"/*", b"*/", b"\n", b"\n  .", b"1.", b"...", b"return ", b" in "),
    *("größe".encode(), b"$", b"#", b"{", b";", b"\xff", b"!", b"[0]", b"\r\n"),
)


@given(
    text=st.lists(st.sampled_from(FRAGMENTS), max_size=20).map(b"".join),
    cuts=cut_points(),
    language=st.sampled_from(LANGUAGES),
    known=st.booleans(),
)
def test_laws(text: bytes, cuts: list[int], language: str, known: bool) -> None:
    """The laws hold with facts and without."""
    at = site(language)
    check_laws(
        SourceDereference(at, STRENGTH), at.start, text, cuts, Everywhere(kind=language) if known else FactView()
    )
