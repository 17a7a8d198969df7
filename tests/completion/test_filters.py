"""Filters: text with its surroundings in, shortened text out."""

import pytest

from completion.filters import shorten


@pytest.mark.parametrize(
    ("text", "remainder", "after", "expected"),
    [
        ("x + 1", "", "\n", "x + 1"),
        ("x + 1  \n", "", "\n", "x + 1"),
        ("name, other)", "other)", "", "name, "),
        ("a()", ")", "", "a()"),
        ("x\n    return x\n", "", "\n    return x\n", "x"),
        ("x\n    y\n    return x\n", "", "\n\n    return x\nz\n", "x\n    y"),
        ("x\n    return y\n", "", "\n    return x\n", "x\n    return y"),
        ("return x", "", "\n    return x\n", "return x"),
        ("", "", "", ""),
    ],
)
def test_shorten(text: str, remainder: str, after: str, expected: str) -> None:
    """What the document has already is cut; first lines and closing brackets are left alone."""
    assert shorten(text, remainder, after) == expected
