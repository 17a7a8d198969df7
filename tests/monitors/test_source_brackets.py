from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.facts import FactView
from analysis.languages import Language
from analysis.lexing import scan, start_state
from monitors.base import FORBIDDEN, Kind, Lexed, Site
from monitors.registry import build, inspector
from monitors.source_brackets import SourceBrackets
from tests.analysis.sources import LANGUAGES, source_text
from tests.monitors.laws import check_laws, cut_points
from tests.monitors.source_files import SOURCES
from tests.monitors.source_sites import source_site

VIEW = FactView()


def first_forbidden(text: str, new: str, language: str = "javascript") -> int | None:
    """Return the offset in ``new`` of the first byte that is forbidden at the cursor, its length if the end is."""
    request = source_site(text, language)
    monitor = SourceBrackets(request)
    state, now = monitor.start(), request.start
    for offset, byte in enumerate(request.typed + new.encode()):
        part = Lexed.of(now, bytes((byte,)))
        penalty, state = monitor.step(state, part, VIEW)
        if penalty == FORBIDDEN:
            return offset - len(request.typed)
        now = part.after[-1]
    ending = Lexed.of(now, (request.suffix or b"\n")[:64], is_suffix=True)
    return len(new.encode()) if monitor.step(state, ending, VIEW)[0] == FORBIDDEN else None


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("x = $0\n", "f(a)[0]"),
        ("x = f($0\n", "a)"),
        ("f($0);\n", "() => {\n  g();\n}"),
        ("f($0);\n", "a)"),
        ("function f() {\n  $0\n}\n", "if (a) {\n    b();\n  }"),
        ("function f() {\n  $0\n", "g();"),
        ("function f() {\n  $0\n", "g();\n}"),
        ("f(() => {\n  $0\n", "g();"),
        ("x = `a${$0}`;\n", "b({c})"),
        ("x = `a$0`;\n", "b ( } ${c}"),
        ("x = '$0';\n", "don\\'t ("),
        ("// $0\n", "it's ) fine ("),
        ("x = 1; $0\n", "// ] ("),
        ("$0\n  a,\n)\n", "f("),
        ("$0\n}\n}\n", "class A {"),
        ("return <p>$0</p>;\n", "it's {a} <b>c</b>"),
        ("x = $0\n", "/[)]/"),
        ("x = $0\n", "`a\n(b`"),
    ],
)
def test_allowed(text: str, new: str) -> None:
    """What fits, or types over the rest of the cursor's line, passes and may be followed by the suffix."""
    assert first_forbidden(text, new) is None


@pytest.mark.parametrize(
    ("text", "new", "offset"),
    [
        ("x = $0\n", ")", 0),
        ("x = $0\n", "f(a]", 3),
        ("x = f($0\n", "a", 1),
        ("x = f(a$0, b)\n", "c), ", 1),
        ("f(a$0)\n", "b).c", 2),
        ("f(a$0)\n", "g(b", 3),
        ("function f() {\n  $0\n}\n", "g();\n}", 5),
        ("function f() {\n  $0\n}\n", "if (a) {", 8),
        ("x = '$0';\n", "\n", 0),
        ("x = $0\n", "'abc", 4),
        ("x = $0\n", "`abc", 4),
        ("x = `a${$0} b`;\n", "c} d", 3),
        ("/* $0 */\n", "a */", 3),
        ("f(a, $0b)\n", "c // d", 6),
        ("x = $0\n", "/* a", 4),
        ("while (a$0\n  b();\n", " > 1) {", 7),
    ],
)
def test_forbidden(text: str, new: str, offset: int) -> None:
    """Wrong closers, what the suffix closes, and ends that leave the suffix something else to close."""
    assert first_forbidden(text, new) == offset


@pytest.mark.parametrize(
    ("language", "text", "new"),
    [
        ("c", "$0\nint x;\n", "#define A ("),
        ("c", "$0\nint x;\n", "#define A )\n"),
        ("c", "void f() {\n#if A\n  $0\n#else\n#endif\n}\n", "if (a) {"),
        ("rust", "fn f<$0>() {}\n", "'a, 'b"),
        ("rust", "x = $0;\n", 'r#"it\'s ("#'),
        ("cpp", "x = $0;\n", 'R"(a " ( )"'),
        ("java", "x = $0;\n", '"""\n a " (\n"""'),
        ("go", "x := $0\n", "`it's ( `"),
        ("javascript", "x = {}\n/a/; $0\n", "f)"),
    ],
)
def test_silent_in_what_is_not_for_brackets(language: str, text: str, new: str) -> None:
    """Directives, lifetimes, raw strings, and all that cannot be told."""
    assert first_forbidden(text, new, language) is None


CURSORS = (
    "x = $0\n",
    "f(a$0)\n",
    "f(a, $0b)[0]\n",
    "f('$0', {})\n",
    "function f() {\n  $0\n}\n",
    "x = `a${$0}`\n",
    "f(a$0]\n",
)


@given(text=source_text(), cuts=cut_points(), cursor=st.sampled_from(CURSORS), language=st.sampled_from(LANGUAGES))
def test_laws(text: bytes, cuts: list[int], cursor: str, language: str) -> None:
    """The laws of monitors hold for all that watch a language, at whole, open and broken brackets."""
    request = source_site(cursor, language)
    for monitor in build(None, request):
        if monitor.name != "heal":
            check_laws(monitor, request.start, request.typed + text, cuts)


@pytest.mark.parametrize("language", SOURCES)
def test_no_truth_is_forbidden(language: str) -> None:
    """Each line of a file of ours, written at each of its cursors, passes the sound monitors and the parser."""
    text, rng = SOURCES[language], random.Random(language)
    row = source_site("$0", language).language
    assert scan(text, row).nesting == ()
    lines = text.splitlines(keepends=True)
    seen = 0
    for number, line in enumerate(lines):
        whole = line.rstrip("\n")
        cursor = rng.randrange(len(whole) + 1)
        if not _is_free(row, "".join(lines[:number]), whole, cursor):
            continue
        before = "".join(lines[:number]) + whole[:cursor]
        request = source_site(before + "$0" + line[len(whole) :] + "".join(lines[number + 1 :]), language)
        new, seen = whole[cursor:], seen + 1
        assert first_forbidden_by_all(request, new) is None, (number + 1, whole[:cursor], new)
    assert seen > len(lines) / 2


def _is_free(row: Language, before: str, line: str, cursor: int) -> bool:
    """Whether a cursor stands in no string, and cuts no token that means something only as a whole."""
    now = start_state(row)
    for byte in (before + line[:cursor]).encode():
        now = now.step(byte)
    return not now.quote and not set(line[max(0, cursor - 1) : cursor + 1]) & set("/*'\"`<>#$\\")


def first_forbidden_by_all(request: Site[Any], new: str) -> str | None:
    """Return who forbids the true text or its end."""
    sound = (monitor for monitor in build(None, request) if monitor.kind is Kind.SOUND)
    for monitor in sound:
        state, now = monitor.start(), request.start
        for byte in request.typed + new.encode():
            part = Lexed.of(now, bytes((byte,)))
            penalty, state = monitor.step(state, part, VIEW)
            if penalty == FORBIDDEN:
                return monitor.name
            now = part.after[-1]
        ending = Lexed.of(now, (request.suffix or b"\n")[:64], is_suffix=True)
        if monitor.step(state, ending, VIEW)[0] == FORBIDDEN:
            return f"{monitor.name} at the end"
    judge = inspector(None, request)
    stands = judge is None or judge.end_stands(request.typed + new.encode(), now)
    return None if stands else "viability"
