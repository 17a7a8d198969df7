from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors.base import Lexed
from monitors.registry import rulebook_of
from monitors.stopping import StopState
from tests.analysis.sources import LANGUAGES, source_text
from tests.monitors.laws import cut_points, pieces
from tests.monitors.source_sites import kept, source_site


def check(language: str, text: str, new: str, wanted: str | None, multiline: bool = True) -> None:
    """Write ``new`` at the cursor; ``wanted`` of it is the middle, None if it goes on."""
    site = source_site(text, language)
    assert kept(rulebook_of(site.language).stop(site, multiline), site, new) == wanted


@pytest.mark.parametrize(
    ("text", "new", "wanted"),
    [
        ("const x = $0\n", "f(1);\nconst y = 2;", "f(1);"),
        ("const x = $0\n", "f(1)\nconst y = 2", "f(1)"),
        ("const x = $0\n", "a\n  .b()\n  .c();\nd", "a\n  .b()\n  .c();"),
        ("const x = $0\n", "a ||\n  b;\nc", "a ||\n  b;"),
        ("const x = $0\n", "{\n  a: 1,\n};\nd", "{\n  a: 1,\n};"),
        ("const x = $0\n", "f(1", None),
        ("if (a$0\n", ") {\n  b();\n} else {\n  c();\n}\nd", ") {\n  b();\n} else {\n  c();\n}"),
        ("if (a$0\n", ") {\n  b();\n}\nelse {\n  c();\n}\nd", ") {\n  b();\n}\nelse {\n  c();\n}"),
        ("if (a) {$0\n", "\n  b();\n}\nd", "\n  b();\n}"),
        ("int f(int a)$0\n", "\n{\n  return a;\n}\nint g", "\n{\n  return a;\n}"),
        ("f(x => $0)\n", "{\n  g(x);\n})\n", "{\n  g(x);\n}"),
        ("x = f('$0')\n", "b')", "b"),
        ("x = `a${$0}`\n", "b}`", "b"),
        ("// note$0\n", " this\nx = 1", " this"),
        ("/* note$0\n */\n", " this\n * that", " this"),
    ],
)
def test_statement(text: str, new: str, wanted: str | None) -> None:
    """A statement ends with the line that closes its brackets, if the next one does not go on with it."""
    check("javascript", text, new, wanted)


@pytest.mark.parametrize(
    ("text", "new", "wanted"),
    [
        ("function f() {\n  $0\n}\n", "a();\n  b();\n\n  c();\n}", "a();\n  b();\n\n  c();"),
        ("function f() {\n  $0\n", "a();\n}\nb();", "a();\n}"),
        ("function f() {\n  $0\n  return a;\n}\n", "b();\n  return a;\n", "b();"),
        ("function f() {\n  $0\n}\n", "a();\n\n\n  b();", "a();"),
        ("$0\n", "import a from 'a';\nimport b from 'b';\n\nfoo();", "import a from 'a';\nimport b from 'b';"),
        ("$0\n", "function f() {\n  a();\n\n  b();\n}\nfunction g", "function f() {\n  a();\n\n  b();\n}"),
        ("$0\n", "function f() {\n  a();\n}\n\nfunction g", "function f() {\n  a();\n}"),
        ("$0\n", "try {\n  a();\n}\ncatch (e) {}\nb", "try {\n  a();\n}\ncatch (e) {}"),
        ("x = {\n  $0\n};\n", "a: 1,\n  b: 2,\n};", "a: 1,\n  b: 2,"),
    ],
)
def test_block(text: str, new: str, wanted: str | None) -> None:
    """On a blank line the rest of the block is written; at the top level one definition, or a paragraph."""
    check("javascript", text, new, wanted)


@pytest.mark.parametrize(
    ("text", "new", "wanted"),
    [
        ("const x = $0\n", "f(1);\nconst y = 2;", "f(1);"),
        ("const x = $0\n", "{\n  a: 1,\n};\nd", "{\n  a: 1,\n};"),
        ("$0\n", "a();\nb();\n", "a();"),
        ("x = f(a$0, b)\n", "1, b)\n", "1"),
    ],
)
def test_single_line(text: str, new: str, wanted: str | None) -> None:
    """In single-line mode the first logical line is the middle."""
    check("javascript", text, new, wanted, multiline=False)


@pytest.mark.parametrize(
    ("language", "text", "new", "wanted"),
    [
        ("plaintext", "The $0\n", "end.\nMore", "end."),
        ("plaintext", "- milk\n$0\n", "- eggs\n- bread\n\nMore", "- eggs\n- bread"),
        ("markdown", "# A$0\n", " title\n\nText", " title"),
        ("csharp", "int F()$0\n", "\n{\n    return 1;\n}\n\nint G", "\n{\n    return 1;\n}"),
        ("csharp", "int F() {$0\n", "\n    return 1;\n}\nint G", "\n    return 1;\n}"),
        ("csharp", "    if (a)$0\n", " {\n        b();\n    }\n    c();", " {\n        b();\n    }"),
        ("ruby", "def a$0\n", "(b)\n  b\nend\ndef c", "(b)\n  b\nend"),
        ("yaml", "a:$0\n", "\n  b: 1\n  c: 2\nd: 3", "\n  b: 1\n  c: 2"),
        ("yaml", "a: $0\n", "1\nb: 2", "1"),
        ("shellscript", "if a; then$0\n", "\n  b\nfi\nc", "\n  b\nfi"),
        ("php", "f($0);\n", "1);\ng();", "1"),
    ],
)
def test_where_nothing_is_known(language: str, text: str, new: str, wanted: str | None) -> None:
    """Lines, what is indented below them and what closes that; paragraphs on a blank line."""
    check(language, text, new, wanted)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("new", ["\n" * 5, " " * 200, "a, " * 40, "(0, " * 40])
def test_nothing_runs_away(language: str, new: str) -> None:
    """White space without end and the same few bytes again and again are cut off in every language."""
    site = source_site("x = $0\n", language)
    assert kept(rulebook_of(site.language).stop(site, True), site, new) is not None


CURSORS = (
    "x = $0\n",
    "function f() {\n  $0\n}\n",
    "if (a$0\n",
    "f(a$0)\n",
    "f(a, $0b)\n",
    "`a $0\n`\n",
    "// $0\n",
    "$0\n",
)


@given(
    new=source_text(),
    more=source_text(),
    cuts=cut_points(),
    cursor=st.sampled_from(CURSORS),
    language=st.sampled_from(LANGUAGES),
    multiline=st.booleans(),
)
def test_laws(new: bytes, more: bytes, cuts: list[int], cursor: str, language: str, multiline: bool) -> None:
    """The cut is that of the text however it is cut, keeps what was typed, and what was sure before it stays."""
    site = source_site(cursor, language)
    policy = rulebook_of(site.language).stop(site, multiline)

    def state_of(text: bytes, places: list[int]) -> StopState:
        state, scan = policy.start(), site.start
        for piece in pieces(site.typed + text, places):
            part = Lexed.of(scan, piece)
            state, scan = policy.advance(state, part), part.after[-1]
        return state

    whole = state_of(new, [])
    assert whole == state_of(new, cuts)
    cut, later = policy.cut(whole), policy.cut(state_of(new + more, []))
    assert cut is None or len(site.typed) <= cut <= len(site.typed) + len(new)
    assert later is None or later >= policy.sure(whole)
