"""Several layers of settings make one."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from completion.settings import Layer, Level, Settings, merge
from completion.settings.kinds import Switches
from completion.settings.model import KEYS
from completion.settings.reference import plain, spelled

# A value for every key, other than its default.
OTHERS = {
    "python": "/usr/bin/python3",
    "editor_python": "/usr/bin/python3",
    "trusted": True,
    "strictness": 2.5,
    "ngrams": False,
    "monitors": ["heal"],
    "candidates": 2,
    "max_tokens": 7,
    "multiline": False,
    "popup": "on",
    "debounce_ms": 0,
    "filters": ["too_short"],
    "least_confidence": 0.5,
    "context": ["open_files"],
    "exclude": ["vendor/"],
    "exclude_context": ["*.sql"],
    "languages": {"markdown": False},
    "statistics": True,
    "model": "some/model",
    "dtype": "float64",
    "device": "cuda:1",
    "draft_model": "small/model",
}


def layer(level: Level, name: str, **values: object) -> Layer:
    return Layer(name, level, values)


def test_there_is_a_row_above_for_each_key() -> None:
    """The tests below see all keys."""
    assert OTHERS.keys() == {key.name for key in KEYS}


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
@pytest.mark.parametrize("level", Level)
def test_a_key_is_set_by_those_who_may(key: object, level: Level) -> None:
    """Everybody else is refused by name, and the default stays."""
    name = key.spelled(level)
    merged = merge([Layer("there", level, {name: OTHERS[key.name]})])
    if level in key.levels:
        assert getattr(merged.settings, key.name) == key.kind.read(OTHERS[key.name]) != key.default
        assert (merged.problems, merged.origins) == ((), {key.name: "there"})
    else:
        (problem,) = merged.problems
        assert problem.startswith(f"there: {name}: not to be set here, only by: ")
        assert problem.endswith(f"; using {spelled(plain(key.default))}")
        assert merged.settings == Settings()


def test_no_project_names_a_program_before_it_is_trusted() -> None:
    """Nor the model, nor whether its user is counted, trusted or not."""
    stranger = {key.name for key in KEYS if Level.WORKSPACE in key.levels}
    trusted = {key.name for key in KEYS if Level.TRUSTED in key.levels}
    assert trusted - stranger == {"python"}
    assert not trusted & {"model", "draft_model", "dtype", "device", "statistics", "editor_python", "popup"}


def test_the_upper_layer_has_the_last_word() -> None:
    """The origin says whose value holds."""
    merged = merge(
        [
            layer(Level.TRUSTED, "pyproject.toml", max_tokens=1, strictness=0),
            layer(Level.USER, "your verifill.toml", max_tokens=2),
            layer(Level.CLIENT, "editor", maxTokens=3),
        ]
    )
    assert (merged.settings.max_tokens, merged.settings.strictness) == (3, 0)
    assert merged.origins == {"max_tokens": "editor", "strictness": "pyproject.toml"}


def test_patterns_add_up_and_switches_go_one_by_one() -> None:
    """No layer takes away what another one has excluded."""
    merged = merge(
        [
            layer(Level.WORKSPACE, "a", exclude=["x"], languages={"*": False, "python": True}),
            layer(Level.USER, "b", exclude=["y", "x"], languages={"python": False}),
        ]
    )
    assert merged.settings.exclude == ("x", "y")
    assert merged.settings.languages == Switches((("*", False), ("python", False)))


@pytest.mark.parametrize(
    ("level", "name", "value", "problem"),
    [
        (Level.USER, "max_tokens", 0, "there: max_tokens: 0 is not between 1 and 512; using 64"),
        (Level.USER, "max_tokens", "7", "there: max_tokens: '7' is not a whole number; using 64"),
        (Level.USER, "max_tokens", True, "there: max_tokens: True is not a whole number; using 64"),
        (Level.USER, "max_tokens", 7.5, "there: max_tokens: 7.5 is not a whole number; using 64"),
        (Level.USER, "max_tokens", math.inf, "there: max_tokens: inf is not a whole number; using 64"),
        (Level.USER, "strictness", math.nan, "there: strictness: nan is not between 0 and 100; using 1.0"),
        (Level.USER, "multiline", 1, "there: multiline: 1 is neither true nor false; using true"),
        (Level.USER, "popup", ["on"], "there: popup: ['on'] is not one of auto, on, off; using \"auto\""),
        (Level.USER, "python", "a\nb", "there: python: 'a\\nb' is not a line of text; using \"\""),
        (Level.USER, "context", ["o"], "there: context: unknown name 'o'; known are "),
        (Level.USER, "exclude", "*.py", "there: exclude: '*.py' is not a list of texts; using []"),
        (Level.USER, "exclude", ["/"], "there: exclude: an empty pattern matches nothing; using []"),
        (Level.USER, "languages", {"a": 1}, "there: languages: {'a': 1} is not a table of names, each with true"),
        (Level.USER, "maxTokens", 7, "there: unknown key 'maxTokens'; is max_tokens meant?"),
        (Level.CLIENT, "max_tokens", 7, "there: unknown key 'max_tokens'; is maxTokens meant?"),
        (Level.USER, "strictnes", 7, "there: unknown key 'strictnes'; is strictness meant?"),
        (Level.USER, "colour", 7, "there: unknown key 'colour'; known are python, "),
    ],
)
def test_a_bad_value_costs_itself_alone(level: Level, name: str, value: object, problem: str) -> None:
    """One line names the key, whose it is and what holds instead; the others of its layer count."""
    merged = merge([Layer("there", level, {name: value, "candidates": 5})])
    (said,) = merged.problems
    assert said.startswith(problem)
    assert merged.settings == Settings(candidates=5)


def test_what_is_said_to_hold_holds() -> None:
    """Also where an upper layer has the last word."""
    layers = [layer(Level.USER, "below", max_tokens="x"), layer(Level.CLIENT, "above", maxTokens=9)]
    assert merge(layers).problems == ("below: max_tokens: 'x' is not a whole number; using 9",)


def test_null_is_not_set() -> None:
    """Editors send it for what their user has not chosen."""
    assert merge([layer(Level.CLIENT, "editor", maxTokens=None, python=None)]).problems == ()


def test_keys_of_others_are_left_to_them() -> None:
    """The same file says what the monitors shall refuse."""
    assert merge([Layer("there", Level.WORKSPACE, {"banned": 1}, frozenset({"banned"}))]).problems == ()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(KEYS), st.sampled_from(Level), JSON)
def test_nothing_that_is_written_breaks_anything(key: object, level: Level, value: object) -> None:
    """Whatever stands in a file or comes from an editor, there are settings that the program can use."""
    merged = merge([Layer("there", level, {key.spelled(level): value})])
    held = getattr(merged.settings, key.name)
    assert held == key.default or key.kind.merge(key.default, key.kind.read(value)) == held
    assert all("\n" not in problem and len(problem) < 600 for problem in merged.problems)
