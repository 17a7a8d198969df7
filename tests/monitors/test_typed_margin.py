from __future__ import annotations

import pytest

from analysis.facts import FactView
from monitors.base import FORBIDDEN, Lexed
from monitors.typed_margin import TypedMargin
from tests.monitors.source_sites import source_site


@pytest.mark.parametrize(
    ("text", "new", "forbidden"),
    [
        ("f() {\n  $0\n}\n", "  a();", True),
        ("f() {\n  $0\n}\n", "a();", False),
        ("f() {\n  a();\n  $0\n}\n", "  b();", True),
        ("f() {\n  a();\n $0\n}\n", " b();", False),
        ("f() {\n$0\n}\n", "  a();", False),
        ("f() {\n  $0\n}\n", "\n  a();", False),
        ("f() {\n  a $0\n}\n", " = b;", False),
        ("f(`\n  $0\n`)\n", "  a", False),
        ("f(\n\t$0\n)\n", "\ta", True),
    ],
)
def test_an_indentation_is_not_typed_twice(text: str, new: str, forbidden: bool) -> None:
    """Where the cursor stands as deep as the lines before ask for, no blank comes next."""
    site = source_site(text, "javascript")
    monitor = TypedMargin(site)
    written = Lexed.of(site.start, site.typed + new.encode())
    assert (monitor.step(monitor.start(), written, FactView())[0] == FORBIDDEN) is forbidden
