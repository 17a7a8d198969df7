"""The monitor ``calls`` of languages with a server: how many arguments cost what, and which questions are asked."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.facts import Fact, FactKey, FactView, Parameter, ParameterKind, Signature
from analysis.source.scanner import SourceScan, scan_source
from monitors.base import Check, Lexed, Site
from monitors.source_calls import Calling, SourceCalls
from monitors.strength import Rate, Strength
from tests.monitors.laws import check_laws, cut_points
from tests.monitors.source_sites import trusted_site

EXTRA, MISSING = math.log(0.02), math.log(0.01)
LANGUAGES = ("typescript", "typescriptreact", "javascript", "go", "cpp", "c", "rust", "java")
STRENGTH = Strength(
    {
        f"arity.{language}.{row}": Rate(300, 1, bound)
        for language in LANGUAGES
        for row, bound in (("extra", 0.02), ("missing", 0.01))
    }
)


def way(shape: str) -> Signature:
    """Return a signature: a letter is a parameter, one behind ``?`` need not be passed, ``*`` takes any number."""
    kinds = {"*": ParameterKind.VAR_POSITIONAL}
    names = shape.replace("?", "")
    first_optional = shape.index("?") if "?" in shape else len(names)
    return Signature(
        tuple(
            Parameter(name, kinds.get(name, ParameterKind.POSITIONAL), name != "*" and at < first_optional)
            for at, name in enumerate(names)
        )
    )


CALLEES = {
    "none": (way(""),),
    "one": (way("a"),),
    "two": (way("ab"),),
    "opt": (way("a?b"),),
    "many": (way("a*"),),
    "over": (way("a"), way("abc")),
    "void": (),
}


@dataclass(frozen=True)
class Everywhere(FactView):
    """Answers every question about a callee by its last name.

    Attributes:
        kind: Class of the facts.
    """

    kind: str = "typescript"

    def get(self, key: FactKey) -> Fact:
        """Answer."""
        name = key.receiver.replace("::", ".").replace("->", ".").rpartition(".")[2]
        return Fact(key, frozenset(), self.kind, "server 1.0", signatures=CALLEES.get(name, ()))


def write(at: Site[SourceScan], text: str, view: FactView) -> tuple[float, Calling]:
    """Write a middle, typed part included."""
    monitor = SourceCalls(at, STRENGTH)
    return monitor.step(monitor.start(), Lexed.of(at.start, text.encode()), view)


PENALTIES = (
    ("go", "one(x)", 0.0),
    ("go", "one()", MISSING),
    ("go", "one( )", MISSING),
    ("go", "one(/* x */)", MISSING),
    ("go", "one(x,", EXTRA),
    ("go", "one(x, y)", EXTRA),
    ("go", "one(x, y, z)", EXTRA),
    ("go", "none(", 0.0),
    ("go", "none()", 0.0),
    ("go", "none(x", EXTRA),
    ("go", "none(/* x */", 0.0),
    ("go", "none(/* x */)", 0.0),
    ("go", "none(// x)\n)", 0.0),
    ("go", "two(x)", MISSING),
    ("go", "two(x, y)", 0.0),
    ("go", "two(x, f(y, z), w)", EXTRA),
    ("go", "two(one(x), one())", MISSING),
    ("go", "two(a.one(x, y), z)", EXTRA),
    ("go", "two([]int{1, 2}, x)", 0.0),
    ("go", 'two(",", ")")', 0.0),
    ("go", "two('(', ',')", 0.0),
    ("go", "opt()", MISSING),
    ("go", "opt(x)", 0.0),
    ("go", "opt(x, y, z)", EXTRA),
    ("go", "many()", MISSING),
    ("go", "many(a, b, c, d)", 0.0),
    ("go", "over(a, b)", MISSING),
    ("go", "over(a, b, c)", 0.0),
    ("go", "over(a, b, c, d)", EXTRA),
    ("go", "void(a, b, c)", 0.0),
    ("go", "func one() {", 0.0),
    ("go", "two(func(a, b int) int {\n\treturn a\n}, x)", 0.0),
    # A comma that ends one of the call's lines may be the last thing in it.
    ("go", "one(\n\tx,\n)", 0.0),
    ("go", "one(\n\tx,\n\ty", EXTRA),
    ("go", "two(\n\tx,\n)", MISSING),
    # What cannot be counted.
    ("go", "two(xs...)", 0.0),
    ("go", "two(f())", 0.0),
    ("go", "two(f().x)", MISSING),
    ("typescript", "two(f())", MISSING),
    ("typescript", "one(...xs, y)", 0.0),
    ("typescript", "two(...xs)", 0.0),
    ("typescript", "one(new Map<string, number>(), x)", 0.0),
    ("typescript", "one(x as Map<string, number>)", 0.0),
    ("typescript", "two(a < b)", MISSING),
    ("typescript", "two(a, b, c<d>(e))", EXTRA),
    ("typescript", "one((a, b) => a)", 0.0),
    ("typescript", "one(`${a}, ${b}`)", 0.0),
    ("typescript", "one(/[,(]/)", 0.0),
    ("typescript", "one({ a, b })", 0.0),
    ("typescript", "one<number>(a, b)", 0.0),
    ("typescript", "a?.one(x, y)", EXTRA),
    ("typescript", "new one(x, y)", EXTRA),
    ("typescript", 'f("x").one(x, y)', EXTRA),
    ("typescript", "function one(x, y) {", 0.0),
    ("typescript", "if (a, b) {", 0.0),
    ("javascript", "one(a < b, c)", EXTRA),
    ("javascript", "one(<a b={c}>x, y</a>)", 0.0),
    ("cpp", "one(f<int, char>(x))", 0.0),
    ("cpp", "p->one(x, y)", EXTRA),
    ("cpp", "A::one(x, y)", EXTRA),
    ("cpp", "one([&](int a, int b) { return a; })", 0.0),
    ("cpp", "#define F one(a, b)\n", 0.0),
    ("c", "two(a,\n#ifdef B\n b,\n#endif\n c)", 0.0),
    ("c", "two (a)", MISSING),
    ("c", "two(a < b, c)", 0.0),
    ("rust", "one(|a, b| a)", 0.0),
    ("rust", "two('a', ',')", 0.0),
    ("rust", "one(',', 'a')", EXTRA),
    ("java", "one(Map.<String, String>of())", 0.0),
    # Not closed by its own bracket.
    ("go", "{ one( }", 0.0),
)


@pytest.mark.parametrize(("language", "text", "penalty"), PENALTIES)
def test_penalties(language: str, text: str, penalty: float) -> None:
    """An argument too many costs once, with the comma before it; one too few with the bracket."""
    assert write(trusted_site(language), text, Everywhere(kind=language))[0] == pytest.approx(penalty)


@pytest.mark.parametrize("language", ["c", "cpp"])
def test_what_is_called_like_a_macro_is_not_asked_about(language: str) -> None:
    """Servers answer for what it expands to."""
    assert write(trusted_site(language), "TWO_3(a)", FactView())[1].missing == ()
    assert write(trusted_site("go"), "TWO_3(a)", FactView())[1].missing != ()


@pytest.mark.parametrize(
    ("prefix", "text", "penalty"),
    [
        ("f();\none(x,\n", "  y", EXTRA),
        ("one(x,\n", ")", 0.0),
        ("two(x,\n", "  )", MISSING),
        ("f(a, {\n  b: two(x,\n", "  y, z", EXTRA),
        ("f(() => {\n  one(x,\n", "  y", EXTRA),
        ("two(() => {\n  f();\n}, x,\n", "  y", 0.0),  # a line of its own: what was open before is not known
        ('f("a").one(x,\n', "  y", 0.0),  # nor is what this is called on
        ("one(x, // y\n", "  y", EXTRA),
    ],
)
def test_calls_that_are_open_before_the_line(prefix: str, text: str, penalty: float) -> None:
    """Are read from their logical line."""
    assert write(trusted_site("typescript", prefix=prefix), text, Everywhere())[0] == pytest.approx(penalty)


def test_checks_name_the_calls_that_end_behind_the_cursor() -> None:
    """What the user typed is not judged."""
    _, state = write(trusted_site("go", "f(one(x), "), "f(one(x), two(y), a.two(y, z))", Everywhere(kind="go"))
    assert state.judged == (
        Check("two()", "server 1.0", False, "arity.go", "missing"),
        Check("a.two()", "server 1.0", True, "arity.go", ""),
    )


@pytest.mark.parametrize(
    ("text", "receiver", "middle"),
    [
        ("    f(x", "f", ""),
        ("    g.f (x", "g.f", ""),
        ("    let a = b;\n    f(x", "f", "    let a = b;\n    "),
        ("    return a[0].f(x", "a[0].f", "    return "),
        ('    a("b").f(x', ".f", '    a("b")'),
        ("    f()", "f", ""),
    ],
)
def test_the_question_holds_all_of_the_middle(text: str, receiver: str, middle: str) -> None:
    """It is asked when the bracket is there; without an answer it is missing, and free."""
    at = trusted_site("typescript")
    key = FactKey("signatures", at.document.digest, receiver, middle)
    penalty, state = write(at, text, FactView())
    assert (penalty, state.missing[-1:]) == (0.0, (key,))
    monitor = SourceCalls(at, STRENGTH)
    before = text[: text.rindex("(") + 1]
    assert monitor.needs(write(at, before, FactView())[1], scan_source(before, at.start))[0] == key


def test_what_a_bracket_would_raise_is_asked_ahead() -> None:
    """For names that the document calls, and for those only."""
    at = trusted_site("typescript", prefix="a.f(x);\ng;\n")
    monitor = SourceCalls(at, STRENGTH)

    def ahead(text: str) -> tuple[FactKey, ...]:
        return monitor.needs(write(at, text, FactView())[1], scan_source(text, at.start))

    assert ahead("b.f") == (FactKey("signatures", at.document.digest, "b.f"),)
    assert ahead("g") == ahead("b.") == ahead("return") == ()


def test_a_late_fact_counts_from_the_next_argument_on() -> None:
    """What was written before it came is not charged again."""
    at = trusted_site("go")
    monitor = SourceCalls(at, STRENGTH)
    _, state = write(at, "one(x, y", FactView())
    text = Lexed.of(scan_source("one(x, y", at.start), b", z)")
    assert monitor.step(state, text, Everywhere(kind="go"))[0] == pytest.approx(EXTRA)


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("one(x", b","),
        ("two(x", b")"),
        ("opt(x", b""),
        ("over(x, y", b")"),
        ("one(\n x", b""),
        ("one(", b""),
        ('one("x', b""),
        ("one(...x", b""),
        ("one(x,", b""),
    ],
)
def test_continuations_leave_out_what_is_charged(text: str, refused: bytes) -> None:
    """Behind an argument: the comma, or the bracket."""
    at = trusted_site("typescript")
    found = SourceCalls(at, STRENGTH).continuations(write(at, text, Everywhere())[1])
    everything = {bytes((byte,)) for byte in range(256)}
    left_out = set() if found is None else everything - set(found.texts)
    assert left_out == {bytes((byte,)) for byte in refused}


def test_a_bracket_of_the_suffix_ends_the_call_too() -> None:
    """The middle may not end where that is too early."""
    at = trusted_site("go", "two(", ")")
    monitor = SourceCalls(at, STRENGTH)
    for text, penalty in (("two(x", MISSING), ("two(x, y", 0.0)):
        state = write(at, text, Everywhere(kind="go"))[1]
        suffix = Lexed.of(scan_source(text, at.start), b")")
        assert monitor.step(state, replace(suffix, is_suffix=True), Everywhere(kind="go"))[0] == pytest.approx(penalty)


FRAGMENTS = (
    *(b"one(", b"two(", b"many(", b"none(", b"a.over(", b"x", b", ", b",", b")", b"(", b"[", b"]", b"{", b"}"),
    *(b"/", b"//", b"/*", b"*/", b"'", b'"', b"`", b"${", b"...", b"<", b">", b"|", b"=>", b"\n", b"\r\n", b" "),
    *(b"#if 1\n", b"#endif\n", b"func ", b"return ", b"\\", "ö".encode(), b"\xff", b'r#"', b"'a", b"=", b"1"),
)


@given(
    text=st.lists(st.sampled_from(FRAGMENTS), max_size=20).map(b"".join),
    before=st.lists(st.sampled_from(FRAGMENTS), max_size=6).map(b"".join),
    cuts=cut_points(),
    language=st.sampled_from(LANGUAGES),
    known=st.booleans(),
)
def test_laws(text: bytes, before: bytes, cuts: list[int], language: str, known: bool) -> None:
    """The laws hold with facts and without."""
    at = trusted_site(language, prefix=before.decode("utf-8", "replace"))
    check_laws(SourceCalls(at, STRENGTH), at.start, text, cuts, Everywhere(kind=language) if known else FactView())
