"""Where one line is wanted, brackets that the middle opens are closed on it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from analysis.facts import FactView
from monitors.base import FORBIDDEN, Lexed
from monitors.one_line import OneLine
from tests.monitors.laws import NO_FACTS, check_forbidden, check_pieces, cut_points, source_text
from tests.monitors.sites import site


def is_forbidden(text: str, new: str, multiline: bool = False) -> bool:
    """Whether ``new`` may not be written at the cursor of ``text``."""
    request = replace(site(text), multiline=multiline)
    monitor = OneLine(request)
    written = Lexed.of(request.start, request.typed + new.encode())
    return monitor.step(monitor.start(), written, FactView())[0] == FORBIDDEN


@pytest.mark.parametrize(
    ("text", "new", "forbidden"),
    [
        ("x = $0\n", "f(\n", True),
        ("x = $0\n", "f(a)\n", False),
        ("x = f($0\n)\n", "\n    a,\n", False),
        ("x = f($0\n)\n", "g(\n", True),
        ("x = f($0\n)\n", "b'''\n'''", False),
        ("from a import $0\n", "(\r\n", True),
        ("from a import $0\n", "(b)  # c\n", False),
        ("$0\n", '"""[(\n"""', False),
        ("$0\n", "# (\nx", False),
        ("from a import $0\n", "(  # why", True),
        ("x = f($0\n)\n", "a,  # why\n", False),
        ("x = $0\n", "f('#', f'{a:#x}')\n", False),
    ],
)
def test_line_ends(text: str, new: str, forbidden: bool) -> None:
    """Brackets of the user's and strings may hold several lines, and where more lines are wanted all may."""
    assert is_forbidden(text, new) == forbidden
    assert not is_forbidden(text, new, multiline=True)


@given(source_text(), cut_points())
def test_laws(text: bytes, cuts: list[int]) -> None:
    """Penalties add up, and a forbidden prefix forbids every extension."""
    request = replace(site("x = f($0\n)\n"), multiline=False)
    written = request.typed + text
    check_pieces(OneLine(request), request.start, written, cuts, NO_FACTS)
    check_forbidden(OneLine(request), request.start, written, NO_FACTS)
