from __future__ import annotations

import pytest

from analysis.syntax import SyntaxWindow


@pytest.mark.parametrize(
    ("source", "complete", "awaits", "block"),
    [
        ("", False, False, "module"),
        ("x = 1\n", True, False, "module"),
        ("x = \n", False, False, "module"),
        ("x = 1 +\n", False, False, "module"),
        ("f(1\n", False, False, "module"),
        ("f.\n", False, False, "module"),
        ("import\n", False, False, "module"),
        ("if x:\n", False, True, "if_statement"),
        ("if x:  # why\n", False, True, "if_statement"),
        ("if x:\n    y\n", True, False, "if_statement"),
        ("if x: y\n", True, False, "if_statement"),
        ("if x:\n    y\nelse:\n", False, True, "else_clause"),
        ("for x in y\n", False, False, "module"),
        ("@dec\n", False, True, "module"),
        ("@dec\ndef f():\n", False, True, "function_definition"),
        ("try:\n    x\n", False, False, "try_statement"),
        ("try:\n    x\nexcept E:\n    y\n", True, False, "except_clause"),
        ("match x:\n", False, True, "match_statement"),
        ("match x:\n    case 1:\n", False, True, "case_clause"),
        ("class A:\n    def f(self):\n        return 1\n\n", True, False, "function_definition"),
        ("def f():\n    if x:\n        return\n    y = g(\n", False, False, "function_definition"),
        ("def f():\n    x = 1 if\n", False, False, "function_definition"),
        ("def f():\n    return x\n    # note\n", True, False, "function_definition"),
    ],
)
def test_queries(source: str, complete: bool, awaits: bool, block: str) -> None:
    """Whether the text ends with a whole statement, or a header without its body, and in which block."""
    window = SyntaxWindow.of(source.encode())
    assert (window.statement_complete(), window.awaits_block(), window.innermost_block()) == (complete, awaits, block)


@pytest.mark.parametrize("size", [1, 3, 100])
def test_append_equals_parsing_again(size: int) -> None:
    """Appending gives the tree of the whole, one parse a piece, and leaves the window before as it was."""
    source = b"def f(a):\n    '''d\xc3\xa9'''\n    if a:\n        return [a, 1]\n    x = 'b'\n    return x\n"
    window = first = SyntaxWindow.of(source[:5])
    for start in range(5, len(source), size):
        window = window.append(source[start : start + size])
    whole = SyntaxWindow.of(source)
    assert window == whole
    assert str(window.tree.root_node) == str(whole.tree.root_node)
    assert window.tree.root_node.end_point == whole.tree.root_node.end_point
    assert window.parses == 1 + len(range(5, len(source), size))
    assert (first.source, first.tree.root_node.end_byte, first.parses) == (source[:5], 5, 1)


def test_append_nothing() -> None:
    """Appending nothing parses nothing."""
    window = SyntaxWindow.of(b"x = 1\n")
    assert window.append(b"") is window


def test_window_is_the_last_top_level_definition() -> None:
    """The window begins at the last line that begins a top-level definition."""
    prefix = b"import os\n\ndef f():\n    pass\n\nclass A:\n    def g(self):\n        "
    assert SyntaxWindow.of(prefix).source == b"class A:\n    def g(self):\n        "
    assert SyntaxWindow.of(b"x = 1\n").source == b"x = 1\n"
    assert SyntaxWindow.of(b"x\nasync def f():\n").source == b"async def f():\n"


def test_unknown_language() -> None:
    """A language without a grammar is refused by name."""
    with pytest.raises(ValueError, match="no grammar for language 'cobol'; known are python, javascript"):
        SyntaxWindow.of(b"", "cobol")


@pytest.mark.parametrize(
    ("text", "flaws"),
    [
        ("x = 1\n", 0),
        ("x = = 1\n", 1),
        ("x y\n", 1),
        ("f(\n", 1),
        ("def f():\n    if a:\n", 0),
        ("try:\n    a\n", 0),
        ("try:\n    a\n# note\n", 0),
        ("try:\n    a\nb\n", 1),
        ("def f():\n    try:\n        a\n    b\n", 1),
        ("print 'a'\n", 1),
        ("print('a')\n", 0),
    ],
)
def test_flaws(text: str, flaws: int) -> None:
    """What no Python has is counted; what the text has not come to yet is not."""
    assert SyntaxWindow.of(text.encode()).flaws() == flaws


@pytest.mark.parametrize(
    ("text", "indent"),
    [
        ("@a\n", b""),
        ("class A:\n\n    @a(\n        1\n    )\n", b"    "),
        ("class A:\n    @a\n    # note\n", b"    "),
        ("@a\ndef f(): pass\n", None),
        ("x = 1\n", None),
    ],
)
def test_decorated_at(text: str, indent: bytes | None) -> None:
    """A decorator at the end waits for its definition, at its own indentation."""
    assert SyntaxWindow.of(text.encode()).decorated_at() == indent
