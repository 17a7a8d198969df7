from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.facts import FactView
from monitors.base import Lexed
from monitors.repetition import AGAIN, DECAY, MOST_ROUNDS, Repetition
from tests.monitors.laws import NO_FACTS, check_pieces, cut_points, source_text
from tests.monitors.sites import site


def price(text: str, new: str) -> float:
    """Return what ``new`` costs at the cursor of ``text``."""
    request = site(text)
    written = request.typed + new.encode()
    return Repetition(request).step(Repetition(request).start(), Lexed.of(request.start, written), FactView())[0]


@pytest.mark.parametrize(
    ("new", "rounds"),
    [
        ("f(name, name, name", []),
        ("f(name, name, name, name", [1]),
        ("f(name, name, name, name,", [1, 1]),
        ("f(name, name, name, name, name", [1, 1, 2]),
        ("a.b(1)\na.b(1)\na.b(1)\na", [1]),
        ("a = 1\nb = 2\nc = 3\nd = 4\n", []),
        ("[[[[[[[", []),
        ("x\n\n\n\n\n\n", []),
    ],
)
def test_rounds(new: str, rounds: list[int]) -> None:
    """From the third round on, each word that goes on with it costs more with every round."""
    assert price("$0\n", new) == pytest.approx(DECAY * sum(rounds))


def test_a_table_is_not_ruled_out() -> None:
    """The price of a word has a bound."""
    longer = price("$0\n", "[" + "0, " * 40) - price("$0\n", "[" + "0, " * 39)
    assert longer == pytest.approx(2 * DECAY * MOST_ROUNDS)


@pytest.mark.parametrize(
    ("text", "new", "again"),
    [
        ("import os\n$0\n", "import os", True),
        ("import os\n$0\n", "import sys", False),
        ("from a import b  # c\n$0\n", "from a import b", True),
        ("from a import b\ndef f():\n    $0\n", "from a import b", True),
        ("def f():\n    from a import b\ndef g():\n    $0\n", "from a import b", False),
        ("$0\nimport os\n", "import os", True),
        ("import os\nimport o$0\n", "s", True),
        ("import os\nimport os$0\n", "", False),
        ("import os\n$0\n", "x = 'import os'", False),
    ],
)
def test_imports(text: str, new: str, again: bool) -> None:
    """An import that the whole module has costs; one of another function does not help here."""
    assert math.isclose(price(text, new), AGAIN if again else 0.0)


@given(text=source_text(6), unit=source_text(3), times=st.integers(0, 8), cuts=cut_points())
def test_penalties_add_up(text: bytes, unit: bytes, times: int, cuts: list[int]) -> None:
    """However the text is cut, the price and the state are the same."""
    request = site("import os\nx = $0\n")
    check_pieces(Repetition(request), request.start, request.typed + unit * times + text, cuts, NO_FACTS)
