"""What is put behind a receiver: the document around it has to stay one that a server can read."""

from __future__ import annotations

import pytest

from analysis.analyzers.language_servers.repair import ending, tails
from analysis.facts import BaseDocument, FactKey


@pytest.mark.parametrize(
    ("prefix", "hole", "suffix", "expected"),
    [
        ("", "  a.", "", ";"),
        ("f() {\n", "  a.", "}\n", ";"),
        ("f() {\n", "  g(h[a.", "}\n", "]);"),
        ("f() {\n", "  if (b) { a.", "}\n", "};"),
        ("f(\n", "  a.", ")\n", ""),
        ("f(\n", "  b ? a.", "  : c)\n", ""),
        ("f(\n", "  a.", "  b)\n", ","),
        ("f(\n", "  g(a.", ")\n", ")"),
        ("x = [\n", "  a.", "]\n", ""),
        ("f(`\n", "  ${a.", "`)\n", "}"),
        ("f() {\n", "  g(`${a.", "}\n", "}`);"),
        ("f(\n", ") + a.", "\n", ";"),
    ],
)
def test_ending(prefix: str, hole: str, suffix: str, expected: str) -> None:
    """What the hole opened is closed; then a statement ends, or an element, or nothing where the suffix goes on."""
    document = BaseDocument("/project/a.ts", "/project", prefix, suffix, language="typescript")
    assert ending(document, hole) == expected


def test_tails() -> None:
    """The fitting one first, then the usual one that is another; definitions of a name need no more than the name."""
    document = BaseDocument("/project/a.go", "/project", "f(\n", ")\n", "\t", language="go")
    assert tails(document, FactKey("members", document.digest, "a.")) == ("x", "x;")
    assert tails(document, FactKey("members", document.digest, "a.", "\tg(")) == ("x)", "x;")
    assert tails(document, FactKey("signatures", document.digest, "a.b")) == ("()", "();")
