"""What a window can answer without the engine."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from completion.types import CompletionRequest, Document, Reason, Snippet, Trigger
from lsp_server.answer_kinds import AnswerKind
from lsp_server.suggestions import Place, Suggestion, Suggestions, place_of

REQUEST = CompletionRequest(Document("/w/a.py", "x = \n"), 4, "/w", Trigger.AUTOMATIC)
TEXT = Suggestion(1, ("foo(bar)",), certificate="1 name checked")


def at(before: str, behind: str = "\n", elsewhere: int = 0, **changes: object) -> Place:
    document = Document("/w/a.py", before + behind)
    return place_of(replace(REQUEST, document=document, offset=len(before), **changes), elsewhere)


def kept(*pairs: tuple[Place, Suggestion]) -> Suggestions:
    suggestions = Suggestions()
    for place, suggestion in pairs:
        suggestions.add(place, suggestion)
    return suggestions


def found(suggestions: Suggestions, place: Place, candidates: int = 1) -> tuple[str, tuple[str, ...]] | None:
    answer = suggestions.find(place, candidates)
    return answer and (answer[0].value, answer[1].texts)


def test_it_answers_at_its_place_and_where_its_beginning_was_typed() -> None:
    """Also when some of that is taken back."""
    suggestions = kept((at("x = "), TEXT))
    assert found(suggestions, at("x = ")) == ("cached", ("foo(bar)",))
    assert found(suggestions, at("x = foo(b")) == ("typed", ("ar)",))
    assert found(suggestions, at("x = f")) == ("typed", ("oo(bar)",))
    assert found(suggestions, at("x = foo(bar)")) is None
    assert found(suggestions, at("x = g")) is None
    assert found(suggestions, at("x =")) is None


def test_it_survives_a_bracket_that_the_editor_closed() -> None:
    """And goes on when the user has typed over it."""
    suggestions = kept((at("x = "), replace(TEXT, texts=("foo(bar)\nnext",))))
    assert found(suggestions, at("x = foo(", ")\n")) == ("typed", ("bar",))
    assert found(suggestions, at("x = foo(bar)")) == ("typed", ("\nnext",))


@pytest.mark.parametrize(
    "change",
    [
        {"strictness": 2.0},
        {"environment": "/other/python"},
        {"workspace": "/elsewhere"},
        {"monitors": ("scope",)},
        {"least_confidence": -1.0},
    ],
)
def test_other_settings_are_another_place(change: dict[str, object]) -> None:
    """Neither cached nor typed."""
    suggestions = kept((at("x = "), TEXT))
    assert found(suggestions, at("x = ", **change)) is None
    assert found(suggestions, at("x = fo", **change)) is None


@pytest.mark.parametrize("change", [{"elsewhere": 1}, {"context": (Snippet("/w/b.py", "y = 1\n"),)}])
def test_a_change_elsewhere_ends_the_cached_answer_but_not_what_is_being_typed(change: dict[str, object]) -> None:
    """What the user sees stays; asked again at its place, the model would read something else."""
    suggestions = kept((at("x = "), TEXT))
    assert found(suggestions, at("x = ", **change)) is None  # type: ignore[arg-type]
    assert found(suggestions, at("x = fo", **change)) == ("typed", ("o(bar)",))  # type: ignore[arg-type]


def test_after_a_change_elsewhere_only_what_is_on_the_screen_goes_on() -> None:
    """What was shown before it may name what is gone."""
    suggestions = kept((at("x = "), TEXT), (at("x = ", elsewhere=1), Suggestion(2, ("other",))))
    assert found(suggestions, at("x = f", elsewhere=1)) is None
    assert found(suggestions, at("x = o", elsewhere=1)) == ("typed", ("ther",))
    assert found(suggestions, at("x = f")) == ("typed", ("oo(bar)",))


def test_the_text_behind_the_cursor_counts() -> None:
    """A suggestion that a change behind the cursor has made stale is not shown."""
    suggestions = kept((at("x = "), TEXT))
    assert found(suggestions, at("x = ", "\ny")) is None
    assert found(suggestions, at("x = fo", "\ny")) is None


def test_what_could_not_be_checked_is_asked_again() -> None:
    """At its place: the analysis may know by now.  Under the user's fingers it stays what it was."""
    suggestions = kept((at("x = "), replace(TEXT, settled=False)))
    assert found(suggestions, at("x = ")) is None
    assert found(suggestions, at("x = f")) == ("typed", ("oo(bar)",))


def test_having_nothing_to_say_is_an_answer_at_that_place() -> None:
    """Where the engine found nothing and no fact was missing, it would find nothing again; a letter on, it may."""
    nothing = Suggestion(1, (), Reason.EMPTY)
    suggestions = kept((at("x = "), nothing))
    assert suggestions.find(at("x = ")) == (AnswerKind.CACHED, nothing)
    assert suggestions.find(at("x = f")) is None
    assert suggestions.find(at("x = "), 3) is None
    assert suggestions.find(at("x = (", ")\n")) is None
    suggestions.add(at("x = "), replace(nothing, settled=False))
    assert suggestions.find(at("x = ")) is None


def test_the_best_guess_is_what_was_written_there() -> None:
    """Unverified, cut short or out of date; what the user has contradicted is none."""
    short = Suggestion(1, ("foo(b",), whole=False)
    suggestions = kept((at("x = "), short))
    assert suggestions.find(at("x = ")) is None
    assert suggestions.find(at("x = f")) is None
    assert suggestions.guess(at("x = f")) == "oo(b"
    assert suggestions.guess(at("x = g")) == ""
    assert suggestions.guess(at("x = f", "\ny")) == ""
    suggestions.add(at("x = "), replace(TEXT, settled=False))
    suggestions.add(at("x = "), short)
    assert suggestions.guess(at("x = ", elsewhere=1)) == "foo(bar)"
    assert found(suggestions, at("x = f")) == ("typed", ("oo(bar)",))


def test_alternatives_need_as_many_as_are_asked_for() -> None:
    """One text does not answer a request for three, three answer one for one."""
    suggestions = kept((at("x = "), TEXT))
    assert found(suggestions, at("x = "), 3) is None
    suggestions.add(at("x = "), Suggestion(2, ("foo", "fob", "gab"), candidates=3))
    assert found(suggestions, at("x = f"), 3) == ("typed", ("oo", "ob"))
    assert found(suggestions, at("x = "), 1) == ("cached", ("foo", "fob", "gab"))


def test_what_was_shown_last_stays() -> None:
    """Of two that fit, the one that the user sees."""
    suggestions = kept((at("x = "), TEXT), (at("x = f"), Suggestion(2, ("un()",))))
    assert found(suggestions, at("x = f")) == ("cached", ("un()",))
    assert found(suggestions, at("x = fo")) == ("typed", ("o(bar)",))
    assert found(suggestions, at("x = f")) == ("typed", ("oo(bar)",))


def test_what_was_written_ahead_says_so() -> None:
    """Until the user types into it."""
    suggestions = kept((at("x = "), replace(TEXT, ahead=True)))
    assert found(suggestions, at("x = ")) == (AnswerKind.AHEAD.value, ("foo(bar)",))
    assert found(suggestions, at("x = f")) == ("typed", ("oo(bar)",))


def test_memory_is_bounded() -> None:
    """In number and in characters; what answered last stays."""
    suggestions = Suggestions(most=3, most_characters=100)
    for number in range(3):
        suggestions.add(at("x" * number), TEXT)
    assert suggestions.find(at("")) is not None
    suggestions.add(at("xxx"), TEXT)
    assert (len(suggestions), suggestions.find(at("")) is None, suggestions.find(at("x"))) == (3, False, None)
    suggestions.add(at("y" * 90), TEXT)
    assert (len(suggestions), suggestions.characters <= 100) == (1, True)
    suggestions.add(at("z" * 200), TEXT)
    assert (len(suggestions), suggestions.characters) == (0, 0)
    suggestions.add(at(""), TEXT)
    suggestions.clear()
    assert (len(suggestions), suggestions.characters, suggestions.find(at(""))) == (0, 0, None)


@given(st.lists(st.tuples(st.text("ab", max_size=3), st.sampled_from(["\n", ")\n"]), st.text("ab()", max_size=5))))
def test_nothing_is_shown_that_the_model_did_not_write_there(steps: list[tuple[str, str, str]]) -> None:
    """Whatever was kept and however often: before + rest is some kept place's text, gone on."""
    suggestions, wrote = Suggestions(most=5), []
    for before, behind, text in steps:
        place = at(before, behind)
        if answer := suggestions.find(place):
            assert any(w.startswith(before + answer[1].texts[0]) for w in wrote)
        if text:
            suggestions.add(place, Suggestion(1, (text,)))
            wrote.append(before + text)
