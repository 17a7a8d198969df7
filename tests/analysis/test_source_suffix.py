from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.languages import language_of
from analysis.source.scanner import scan_source, start_of
from analysis.source.suffix import READ_BYTES, read_source_suffix
from tests.analysis.sources import LANGUAGES, source_text


def expected(text: str, language: str = "javascript") -> tuple[bytes, ...] | None:
    """Return what has to be open at the ``$0`` of a text, None if that cannot be told."""
    before, behind = text.split("$0")
    reading = read_source_suffix(scan_source(before, start_of(language_of(language).lexis)), behind.encode())
    return None if reading is None else reading.expected


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("$0\n", ()),
        ("f($0)\n", (b"(",)),
        ("function f() {\n  $0\n}\nfunction g() { h(); }\n", (b"{",)),
        ("function f() {\n  $0\n", ()),
        ("function f() {\n  if (a) {\n    $0\n}\n", (b"{",)),
        ("function f() {\n  g($0\n}\n", (b"{",)),
        ("$0\n  a,\n)\n", (b"(",)),
        ("`a${$0}b`", (b"`", b"hole")),
        ("f('$0')", (b"(", b"'")),
        ("f('$0\n)", None),
        ("f(`$0\n)", (b"(",)),
        ("`$0\n", ()),
        ("/* a $0 */\n", (b"*/",)),
        ("/* a $0\n/* b */", None),
        ("f(a$0]\n", (b"[",)),
        ("x(function () {\n  $0\n})\n", (b"(", b"{")),
        ("x($0 {\n})\n", (b"(",)),
        ("x(a, $0) {\n})\n}\n", (b"{", b"(", b"(")),
        ("return <p>$0</p>;", None),
        ("return <p>{$0}</p>;", (b"<>", b"hole")),
    ],
)
def test_what_has_to_be_open(text: str, wanted: tuple[bytes, ...] | None) -> None:
    """Closers are matched from the inside out; what does not fit is no reading."""
    assert expected(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("#ifndef H\nvoid f() {\n  $0\n}\n#endif\n", (b"{",)),
        ("void f() {\n#if A\n  $0\n#else\n  g();\n#endif\n}\n", None),
        ("void f() {\n  $0\n#if A\n  if (a) {\n#else\n  if (b) {\n#endif\n  }\n}\n", (b"{",)),
        ("void f() {\n  $0\n#if A\n}\n#else\n  g();\n}\n#endif\n", (b"{",)),
        ("#define A ($0\nint x;\n", None),
        ("void f() {\n  $0\n#define A (\n}\n", (b"{",)),
    ],
)
def test_conditions_of_the_preprocessor(text: str, wanted: tuple[bytes, ...] | None) -> None:
    """Branches count once; a condition that goes through the hole tells nothing."""
    assert expected(text, "c") == wanted


def test_a_very_long_suffix_is_not_read() -> None:
    """Work is bounded."""
    assert expected("f($0)" + " " * READ_BYTES) is None


@given(before=source_text(), behind=source_text(), language=st.sampled_from(LANGUAGES))
def test_nothing_fails(before: bytes, behind: bytes, language: str) -> None:
    """Any text may stand on either side; what is traced starts at the first byte."""
    reading = read_source_suffix(scan_source(before, start_of(language_of(language).lexis)), behind)
    assert reading is None or len(reading.depths) <= len(behind)
