from __future__ import annotations

import pytest

from monitors.registry import inspector
from monitors.source_viability import MOST_BYTES
from tests.monitors.source_sites import source_site


def stands(language: str, text: str, middle: str) -> bool:
    """Whether a document parses with a middle, or nothing can be said."""
    site = source_site(text, language)
    judge = inspector(None, site)
    assert judge is not None
    end = site.start
    for byte in site.typed + middle.encode():
        end = end.step(byte)
    return judge.line_stands(site.typed + middle.encode()) and judge.end_stands(site.typed + middle.encode(), end)


@pytest.mark.parametrize(
    ("language", "text", "good", "bad"),
    [
        ("javascript", "const x = $0;\n", "a + b", "a b"),
        ("typescript", "let x: $0;\n", "Map<string, number>", "Map<string number>"),
        ("typescriptreact", "const x = <p>{$0}</p>;\n", "a", "a b"),
        ("go", "package a\n\nfunc f() {\n\t$0\n}\n", "x := 1", "x := := 1"),
        ("c", "int f(void) {\n    $0\n}\n", "return 1;", "return 1"),
        ("cpp", "int f() {\n    return $0;\n}\n", "a->b", "a->"),
        ("rust", "fn f() -> i32 {\n    $0\n}\n", "let x = 1; x", "let = 1; x"),
        ("java", "class A {\n    int f() {\n        return $0;\n    }\n}\n", "1", "1 2"),
        ("json", '{"a": $0}\n', "[1, 2]", "[1 2]"),
    ],
)
def test_the_middle_has_to_parse(language: str, text: str, good: str, bad: str) -> None:
    """With the suffix behind it, by the language's grammar."""
    assert stands(language, text, good)
    assert not stands(language, text, bad)


@pytest.mark.parametrize(
    "text", ["function f( {\nconst x = $0;\n", "x = $0;\n" + "y();\n" * (MOST_BYTES // 5), "x y $0 z\n"]
)
def test_silent_where_nothing_can_be_said(text: str) -> None:
    """In a document that is broken elsewhere, or very long."""
    assert stands("javascript", text, "a b")


def test_silent_without_a_grammar() -> None:
    """``jsonc`` has none."""
    assert stands("jsonc", '{"a": $0}\n', "[1 2]")
    assert inspector(None, source_site("$0\n", "plaintext")) is None
