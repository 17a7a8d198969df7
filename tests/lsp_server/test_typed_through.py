"""What is left of a suggestion when its beginning was typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_server.typed_through import MOST_CLOSERS, closed_by_editor, rest_of

TEXTS = st.text(alphabet="ab()[]{}\"'\\ \n", max_size=30)


@given(TEXTS, TEXTS)
def test_what_was_typed_and_what_is_left_are_the_suggestion(text: str, typed: str) -> None:
    """Without closed brackets nothing else can come out."""
    rest = rest_of(text, typed)
    assert (typed + rest == text) if text.startswith(typed) else rest == ""


@given(TEXTS, TEXTS, st.sampled_from([")", "]", '"', "'", ")]", '")', "))"]))
def test_with_closed_brackets_the_result_is_a_beginning_of_the_suggestion(text: str, typed: str, closers: str) -> None:
    """Typed, left and closed are one text that the model wrote."""
    rest = rest_of(text, typed, closers)
    assert not rest or text.startswith(typed + rest + closers)


@pytest.mark.parametrize(
    ("text", "typed", "closers", "rest"),
    [
        ("(value)\n    return", "(", ")", "value"),
        ("(f(x), [1])", "(", ")", "f(x), [1]"),
        ("([1, 2])", "([", "])", "1, 2"),
        ("([1], x)", "([", "])", ""),
        ("(')', x)", "(", ")", "')', x"),
        ('("a", "b")', '("', '")', 'a", "b'),
        ('"it\\"s"', '"', '"', 'it\\"s'),
        ("{'a': {}}", "{", "}", "'a': {}"),
        ('"""Say "x" here."""\n', '"""', '"""', 'Say "x" here.'),
        ("()", "(", ")", ""),
        ("(value", "(", ")", ""),
        ("(value]", "(", ")", ""),
        ("(value)", "", ")", ""),
    ],
)
def test_a_suggestion_survives_brackets_that_the_editor_closed(text: str, typed: str, closers: str, rest: str) -> None:
    """As far as it goes on to the same ones; where it closes others it does not fit any more."""
    assert rest_of(text, typed, closers) == rest


@pytest.mark.parametrize(
    ("behind", "closers"),
    [("", [""]), ("x)", [""]), (")\n", ["", ")"]), ('")]\nx', ["", '"', '")', '")]']), ("))))))", MOST_CLOSERS + 1)],
)
def test_what_an_editor_may_have_closed(behind: str, closers: list[str] | int) -> None:
    """Nothing, or closing brackets and quotes right behind the cursor."""
    found = list(closed_by_editor(behind))
    assert len(found) == closers if isinstance(closers, int) else found == closers
