"""Each filter on marked text: what stands in the TOML file of its name beside this one."""

from __future__ import annotations

import math
import tomllib
from pathlib import Path
from typing import Any

import pytest

from completion.filters import FILTERS, Filtered, Showing, confidence, if_confident, shorten
from completion.filters.confidence import LEAST
from completion.layout import as_document, lay_out
from completion.types import CompletionRequest, Document, Reason, Trigger

FILES = {path.stem: path for path in sorted(Path(__file__).parent.glob("*.toml"))}
TOGETHER = "line_ends"


def cases() -> list[Any]:
    """Return the cases of all files as parameters."""
    found = {name: tomllib.loads(path.read_bytes().decode("utf-8"))["case"] for name, path in FILES.items()}
    return [pytest.param(name, case, id=f"{name}: {case['name']}") for name, rows in found.items() for case in rows]


def test_every_filter_has_its_file() -> None:
    """No filter without cases, no cases without a filter."""
    assert FILES.keys() == FILTERS.keys() | {TOGETHER}


@pytest.mark.parametrize(("name", "case"), cases())
def test_golden(name: str, case: dict[str, str]) -> None:
    """A filter leaves a prefix of the completion, or nothing and the reason."""
    before, _, rest = case["text"].partition("├")
    text, _, after = rest.partition("┤")
    layout = lay_out(CompletionRequest(Document("/p/a.py", before + after), len(before), "/p"))
    names = frozenset(FILTERS) if name == TOGETHER else frozenset({name})
    found = shorten(text, layout, names)
    shown = case.get("shown")
    assert (as_document(found.text, layout.newline), found.reason) == (
        ("", Reason(case["reason"])) if shown is None else (shown, None)
    )
    assert text.startswith(found.text)


def test_no_text_is_no_filter_s_doing() -> None:
    """Why a model wrote nothing is another matter."""
    layout = lay_out(CompletionRequest(Document("/p/a.py", "x = 1\n"), 0, "/p"))
    assert shorten("", layout) == Filtered("")


def request(trigger: Trigger, **changes: Any) -> CompletionRequest:
    """Return any request."""
    return CompletionRequest(Document("/p/a.py", "x"), 1, "/p", trigger, **changes)


def test_which_filters_run() -> None:
    """What is asked for is shown though it be short; an unknown name is named."""
    assert "too_short" in Showing.of(request(Trigger.AUTOMATIC)).filters
    assert "too_short" not in Showing.of(request(Trigger.PROGRAM)).filters
    assert Showing.of(request(Trigger.PROGRAM, filters=("too_short",))).filters == {"too_short"}
    assert Showing.of(request(Trigger.AUTOMATIC, filters=())).filters == frozenset()
    with pytest.raises(ValueError, match="unknown filter 'nicer'; known are duplicate_suffix"):
        Showing.of(request(Trigger.AUTOMATIC, filters=("nicer",)))


@pytest.mark.parametrize(
    ("trigger", "least", "mean", "shown"),
    [
        (Trigger.AUTOMATIC, None, LEAST[Trigger.AUTOMATIC] + 0.01, True),
        (Trigger.AUTOMATIC, None, LEAST[Trigger.AUTOMATIC] - 0.01, False),
        (Trigger.INVOKED, None, 0.001, True),
        (Trigger.PROGRAM, None, 0.001, True),
        (Trigger.PROGRAM, 0.5, 0.4, False),
        (Trigger.AUTOMATIC, 0.0, 0.001, True),
    ],
)
def test_confidence(trigger: Trigger, least: float | None, mean: float, shown: bool) -> None:
    """The mean of the tokens counts, not how many they are; what is asked for has no limit unless one is given."""
    limit = Showing.of(request(trigger, least_confidence=least)).least
    for times in (1, 5):
        sure = confidence([math.log(mean * 2), math.log(mean / 2)] * times)
        found = if_confident(Filtered("text"), sure, limit)
        assert found == (Filtered("text") if shown else Filtered("", Reason.LOW_CONFIDENCE))


def test_confidence_says_nothing_of_nothing() -> None:
    """An earlier filter's reason stays; a text without tokens of the model's own choice is not doubted."""
    gone = Filtered("", Reason.FILTERED_REPETITION)
    assert if_confident(gone, 0.0, 1.0) == gone
    assert if_confident(Filtered("x"), confidence([]), 1.0) == Filtered("x")
