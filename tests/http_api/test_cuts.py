"""Ends that a client asks for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from http_api.cuts import Cuts, at_dedent, at_stop

TEXT = st.text(alphabet=" \nab", max_size=20)


@pytest.mark.parametrize(
    ("text", "stops", "cut"),
    [
        ("abc", [], "abc"),
        ("abc", ["x"], "abc"),
        ("abc", ["c", "b"], "a"),
        ("abc", ["a"], ""),
        ("a\nb\n", ["\n"], "a"),
    ],
)
def test_at_stop(text: str, stops: list[str], cut: str) -> None:
    """The first stop string in the text counts, not the first in the list."""
    assert at_stop(text, stops) == cut


@pytest.mark.parametrize(
    ("text", "indent", "cut"),
    [
        ("a", 4, "a"),
        ("a\nb", 0, "a\nb"),
        ("a\nb", 1, "a"),
        ("a\n b\n\n b\nc", 1, "a\n b\n\n b"),
        ("a\n\n\nc\n", 1, "a"),
        ("a\r\nb", 1, "a"),
        ("a\n\tb", 1, "a\n\tb"),
        ("a\n\n", 1, "a\n\n"),
    ],
)
def test_at_dedent(text: str, indent: int, cut: str) -> None:
    """The first line that is not deep enough goes, with all behind it; blank lines are deep enough."""
    assert at_dedent(text, indent) == cut


@given(TEXT, st.lists(st.text(alphabet=" \nab", min_size=1, max_size=3), max_size=3), st.integers(0, 3))
def test_cuts_only_shorten(text: str, stops: list[str], indent: int) -> None:
    """What is left is the text's beginning, without a stop string, and cutting again changes nothing."""
    cut = at_stop(text, stops)
    assert text.startswith(cut)
    assert not [stop for stop in stops if stop in cut]
    shallow = at_dedent(text, indent)
    assert text.startswith(shallow)
    assert at_dedent(shallow, indent) == shallow


@given(TEXT, TEXT, st.lists(st.text(alphabet=" \nab", min_size=1, max_size=3), max_size=3), st.integers(0, 3))
def test_what_is_sure_stays(text: str, more: str, stops: list[str], indent: int) -> None:
    """Whatever follows, the client gets it."""
    cuts = Cuts(stops, indent)
    assert text.startswith(cuts.sure(text))
    assert cuts.shown(text + more).startswith(cuts.sure(text))


def test_only_what_may_be_cut_is_held_back() -> None:
    """A stop string that may have begun, and blanks at the end."""
    assert Cuts(["\n\ndef", "return"]).sure("a\n    re") == "a"
    assert Cuts(["\n\ndef", "return"]).sure("a\n    ra") == "a\n    ra"
    assert Cuts(["b"], 2).sure("a\n  a\n c") == "a\n  a"
