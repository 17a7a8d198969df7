from __future__ import annotations

import pytest

from http_api.settings import ServerSettings
from http_api.unnamed import unnamed


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("def f(a):\n    return a\n", "/w/untitled.py"),
        ("", "/w/untitled.py"),
        ("const a = $('b');\nif (a) {\n  c();\n}\n", "/w/untitled.txt"),
    ],
)
def test_what_does_not_look_like_python_is_plain_text(text: str, path: str) -> None:
    """Rules of Python would forbid half of what another language needs."""
    document = unnamed(text, ServerSettings(version="1", token="t", workspace="/w"))
    assert (document.path, document.text, document.language) == (path, text, "")
