from __future__ import annotations

import pytest

from analysis.python.scanner import scan_text
from analysis.python.suffix import READ_BYTES, read_suffix


@pytest.mark.parametrize(
    ("before", "suffix", "expected"),
    [
        ("x = ", "\n", ()),
        ("f(", ")\n", (b"(",)),
        ("f(g[", "1])\n", (b"(", b"[")),
        ("f(", "\n", ()),
        ("f(", "\n    a,\n)\nreturn\n", (b"(",)),
        ("f(", "g(1), [2])\n", (b"(",)),
        ("f('", "')\n", (b"(", b"'")),
        ("f('", ")\n", (b"(",)),
        ("x = '", "\n", ()),
        ("f(f'{", "}')\n", (b"(", b"'", b"hole")),
        ("f(f'{", "')\n", (b"(", b"'")),
        ("f'{a:", "}'\n", (b"'", b"hole", b"spec")),
        ("'''a", " (b\n'''\n", (b"'''",)),
        ("'''a", "\nx = 1\n", ()),
        ("'''a", "\nx = '''b'''\n", ()),
        ("# a (", " b)\n)\n", (b"(",)),
        ("", ")  # ]\n", (b"(",)),
        ("x = ", "\ny = ')'\n", ()),
        ("f(", "\ndef g():\n    )\n", ()),
        ("x = ", "\n'''\ndef g():\n'''\n)\n", (b"(",)),
        ("f(", "", ()),
    ],
)
def test_expected(before: str, suffix: str, expected: tuple[bytes, ...]) -> None:
    """What the suffix closes, of strings and brackets, up to a statement that shows a new line."""
    reading = read_suffix(scan_text(before), suffix.encode())
    assert reading is not None
    assert reading.expected == expected


@pytest.mark.parametrize(
    ("before", "suffix"),
    [
        ("x = ", "'\n"),
        ("f(", "[1)\n"),
        ("f'a", "{b}} } c'\n"),
        ("x = 'a", " # b'\n" + "# c'\n"),
        ("x = ", "\n" + "a\n" * READ_BYTES),
        ("'''", "a\ndef f():\n" + "a\n" * READ_BYTES + "\\''''''\n"),
        ("x = 'a", "\\'b'\n"),
    ],
)
def test_unreadable(before: str, suffix: str) -> None:
    """A suffix that is broken, fits two readings, or goes on for ever tells nothing."""
    assert read_suffix(scan_text(before), suffix.encode()) is None


@pytest.mark.parametrize(
    ("before", "suffix", "depths"),
    [
        ("f(", ")\n", (-1, -1)),
        ("f(", "[1])\n", (1, 1, 0, -1, -1)),
        ("'''", "a'''\n", (0, 0, 0, -1, -1)),
    ],
)
def test_depths(before: str, suffix: str, depths: tuple[int, ...]) -> None:
    """How the depth changes over the first bytes, against that at the hole."""
    reading = read_suffix(scan_text(before), suffix.encode())
    assert reading is None or reading.depths == depths


@pytest.mark.parametrize(
    ("suffix", "nesting", "shared"),
    [(")\n", (b"(",), 1), (")\n", (b"(", b"["), 1), ("])\n", (b"(",), 1), ("]\n", (b"(",), None), ("\n", (b"(",), 0)],
)
def test_shared(suffix: str, nesting: tuple[bytes, ...], shared: int | None) -> None:
    """How many outer levels of the cursor's nesting are the suffix's to close."""
    reading = read_suffix(scan_text(""), suffix.encode())
    assert reading is not None
    assert reading.shared(nesting) == shared
