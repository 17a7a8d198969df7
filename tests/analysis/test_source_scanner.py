from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.languages import language_of
from analysis.lexing import scan, start_state
from analysis.python.scanner import Mode
from analysis.source.scanner import SourceScan, scan_document, scan_source, start_of
from tests.analysis.sources import LANGUAGES, source_text
from tests.monitors.laws import cut_points, pieces


def state(language: str, text: str | bytes) -> SourceScan:
    """Return the state after a text."""
    return scan_source(text, start_of(language_of(language).lexis))


def after_steps(language: str, text: bytes) -> SourceScan:
    """Return the state after a text, byte by byte."""
    now = start_of(language_of(language).lexis)
    for byte in text:
        now = now.step(byte)
    return now


@pytest.mark.parametrize(
    ("language", "text", "nesting"),
    [
        ("javascript", "const a = `x${f({b: 1", (b"`", b"hole", b"(", b"{")),
        ("javascript", "const a = `x${f({b: 1})}y`;", ()),
        ("javascript", "if (x) /a[/]'b/.test(y)", ()),
        ("javascript", "z = (a) / b; it = 'c", (b"'",)),
        ("javascript", "x++ / 2; f('", (b"(", b"'")),
        ("javascript", "return /[(]/.exec(", (b"(",)),
        ("javascript", "// don't (\nf(", (b"(",)),
        ("javascript", "/* don't ( */ f(", (b"(",)),
        ("javascript", "/* don't", (b"*/",)),
        ("javascript", "'a\\'b(' + (", (b"(",)),
        ("javascript", "'never closed\nf(", (b"(",)),
        ("javascript", "return <p a='x' b={f(1)}>don't {x} <br/></p>;", ()),
        ("javascript", "return <p>don't {x", (b"<>", b"hole")),
        ("javascript", "return <p // don't (\n  a={1} /* it's */>it's</p>;", ()),
        ("javascript", "a < b && c > (", (b"(",)),
        ("javascript", "#!/usr/bin/env node\nf(", (b"(",)),
        ("typescript", "f<T>(a as Map<string, {b: 1}>", (b"(",)),
        ("typescriptreact", "const f = <T,>(a: T) => {", (b"{",)),
        ("go", "a := `it's (`; b := '\\''; f(\"", (b"(", b'"')),
        ("c", "#define X (\nf(", (b"(",)),
        ("c", "#define X a \\\n(\nf(", (b"(",)),
        ("c", "#error don't\nf(", (b"(",)),
        ("c", "#if A\nif (x) {\n#else\nif (y) {\n#endif\n", (b"{",)),
        ("c", '#ifdef __cplusplus\nextern "C" {\n#endif\nf(', (b"{", b"(")),
        ("cpp", 'auto s = R"d(a " ) )d"; n = 1\'000; f(', (b"(",)),
        ("cpp", 'auto s = R"(a "', (b')"',)),
        ("rust", "fn f<'a>(x: &'a str) { let c = '('; let d = '\\'';", (b"{",)),
        ("rust", "/* a /* b */ '", (b"*/",)),
        ("rust", 'let s = r#"it\'s " ("#; f(', (b"(",)),
        ("rust", "let r#type = (", (b"(",)),
        ("rust", 'let s = "a\n(', (b'"',)),
        ("java", 'String s = """\n a "b" \' ( """; char c = \'"\'; String e = ""; f(', (b"(",)),
        ("java", 'f("', (b"(", b'"')),
        ("json", '{"a": ["(', (b"{", b"[", b'"')),
        ("plaintext", "don't (", ()),
        ("javascript", "f(a]", (b"(",)),
        ("javascript", "{ f(a }", ()),
    ],
)
def test_what_is_open(language: str, text: str, nesting: tuple[bytes, ...]) -> None:
    """Strings, comments, holes, raw strings, regular expressions, elements and directives hide what is no bracket."""
    found = state(language, text)
    assert (found.nesting, found.depth) == (nesting, len(nesting))
    assert found.certain


@pytest.mark.parametrize(
    ("language", "text"),
    [("javascript", "x = {}\n/a/.test(b)"), ("typescriptreact", "a = <Foo<Bar> b>"), ("cpp", 'R" (')],
)
def test_what_cannot_be_told_is_unsure_to_the_end(language: str, text: str) -> None:
    """Where only a parser could tell, nothing is claimed any more."""
    found = state(language, text + "\nf(")
    assert not found.certain
    assert (found.nesting, found.receiver, found.chain) == ((), None, "")


@pytest.mark.parametrize(
    ("language", "text", "receiver", "name"),
    [
        ("javascript", "x = foo(a)[1].ba", "foo(a)[1]", b"ba"),
        ("javascript", "a?.", "a", b""),
        ("javascript", "f(g.", "g", b""),
        ("javascript", "[...a", None, b"a"),
        ("javascript", "'a.", None, b""),
        ("javascript", "f('a').b", None, b"b"),
        ("javascript", "this.items.", "this.items", b""),
        ("cpp", "p->", "p", b""),
        ("cpp", "std::ve", "std", b"ve"),
        ("cpp", "#define A b.", None, b""),
        ("c", "a::b", None, b"b"),
        ("rust", "0..n", None, b"n"),
        ("rust", "Vec::new().", "Vec::new()", b""),
        ("go", "fmt.", "fmt", b""),
        ("plaintext", "end. Then", None, b"Then"),
    ],
)
def test_the_receiver_stands_before_a_member_operator(
    language: str, text: str, receiver: str | None, name: bytes
) -> None:
    """By the language's own operators, in code only, through calls and subscripts without strings."""
    found = state(language, text)
    assert (found.receiver, found.name) == (receiver, name)


@pytest.mark.parametrize(
    ("text", "line", "indent", "ended", "starts"),
    [
        ("f(a,\n  b", b"f(a,\n  b", b"", False, False),
        ("if (a) {\n\tb", b"b", b"\t", False, False),
        ("if (a) {\n", b"", b"", True, True),
        ("a;\n\n", b"", b"", False, True),
        ("a;\r\n", b"", b"", False, True),
        ("  ", b"", b"  ", False, True),
        ("`a\nb", b"`a\nb", b"", False, False),
    ],
)
def test_lines(text: str, line: bytes, indent: bytes, ended: bool, starts: bool) -> None:
    """A line ends outside of strings and of brackets that hold expressions; blocks hold lines."""
    found = state("javascript", text)
    assert (found.line, found.indent, found.ended, found.at_line_start) == (line, indent, ended, starts)


@pytest.mark.parametrize(
    ("text", "mode"),
    [("a", Mode.CODE), ("'a", Mode.STRING), ("// a", Mode.COMMENT), ("/* a", Mode.COMMENT), ("a = /b", Mode.STRING)],
)
def test_modes(text: str, mode: Mode) -> None:
    """What the next byte belongs to."""
    assert state("javascript", text).mode is mode


@given(text=source_text(), cuts=cut_points(), language=st.sampled_from(LANGUAGES))
def test_the_state_does_not_depend_on_how_the_text_was_cut(text: bytes, cuts: list[int], language: str) -> None:
    """Byte by byte, piece by piece and at once are the same; nothing fails on any bytes."""
    whole, by_bytes = state(language, text), after_steps(language, text)
    in_pieces = start_of(language_of(language).lexis)
    for piece in pieces(text, cuts) if text else ():
        in_pieces = scan_source(piece, in_pieces)
    assert whole == by_bytes == in_pieces == scan_document(text, start_of(language_of(language).lexis))
    assert hash(whole) == hash(by_bytes)
    assert (whole.receiver, whole.chain, whole.quote, whole.brackets) == (
        by_bytes.receiver,
        by_bytes.chain,
        by_bytes.quote,
        by_bytes.brackets,
    )


@given(text=st.binary(max_size=60), language=st.sampled_from(LANGUAGES))
def test_nothing_fails_on_any_bytes(text: bytes, language: str) -> None:
    """Source may be anything."""
    assert state(language, text) == after_steps(language, text)


def test_what_is_kept_does_not_hold_what_was_tried() -> None:
    """A state that is remembered between requests is not the one that they write from."""
    one, other = scan("f(", language_of("go")), scan("f(", language_of("go"))
    assert one == other
    assert one.step(ord("a")) is one.step(ord("a"))
    assert one.step(ord("a")) is not other.step(ord("a"))


@pytest.mark.parametrize("language", ["python", "go"])
def test_the_rest_of_a_text_may_be_given_apart(language: str) -> None:
    """Somebody who types on a line asks for the state before it and for that at the cursor."""
    row = language_of(language)
    assert scan("f(\n", row, 'g[\n"é') == scan('f(\ng[\n"é', row)


def test_python_has_a_scanner_of_its_own() -> None:
    """The same attributes, read by the same code."""
    python, go = scan("f(a.", language_of("python")), scan("f(a.", language_of("go"))
    assert (python.nesting, python.receiver) == (go.nesting, go.receiver) == ((b"(",), "a")
    assert start_state(language_of("python")).at_line_start
    assert start_state(language_of("go")).at_line_start


def test_a_long_document_is_read_once() -> None:
    """Pieces that were read before are remembered, so an edit near the end costs the end."""
    text = b"function f() {\n  return `a${b}`;\n}\n" * 400
    start = start_of(language_of("javascript").lexis)
    assert scan_document(text + b"f(", start) == scan_source(text + b"f(", start)
    assert scan_document(text + b"g[", start).nesting == (b"[",)
