"""What is done to a finished middle before anyone sees it: pure functions, one module each.

Filters only shorten a text from its end, so the cut part can be shown as cut.  One that leaves
nothing says why.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from completion.filters.base import Filtered
from completion.filters.closing_brackets import without_closing_brackets
from completion.filters.confidence import confidence, if_confident, least_for
from completion.filters.duplicate_suffix import without_duplicate_suffix
from completion.filters.indentation import if_indented_right
from completion.filters.repeated_lines import before_any_round, without_repeated_lines
from completion.filters.too_short import if_long_enough
from completion.filters.trailing_space import without_trailing_space
from completion.layout import Layout
from completion.types import CompletionRequest, Reason, Trigger


@dataclass(frozen=True)
class Filter:
    """A row of the table.

    Attributes:
        apply: Returns a prefix of a text that stands behind a cursor.
        reason: Why there is nothing, if it leaves nothing.
        asked_too: Also for texts that were asked for, not only for those that come by themselves.
        lasting: Returns what stays of whole lines whatever lines follow them; None if ``apply`` does.
    """

    apply: Callable[[str, Layout], str]
    reason: Reason
    asked_too: bool = True
    lasting: Callable[[str, Layout], str] | None = None


FILTERS: Final[Mapping[str, Filter]] = {
    "duplicate_suffix": Filter(without_duplicate_suffix, Reason.FILTERED_DUPLICATE_SUFFIX),
    "closing_brackets": Filter(without_closing_brackets, Reason.FILTERED_DUPLICATE_SUFFIX),
    "repeated_lines": Filter(without_repeated_lines, Reason.FILTERED_REPETITION, lasting=before_any_round),
    "indentation": Filter(if_indented_right, Reason.FILTERED_INDENTATION),
    "trailing_space": Filter(without_trailing_space, Reason.EMPTY),
    "too_short": Filter(if_long_enough, Reason.TOO_SHORT, asked_too=False),
}
"""The filters by name, in the order in which they are applied."""

UNASKED: Final = frozenset({Trigger.AUTOMATIC, Trigger.AHEAD})
"""Triggers of texts that nobody asked for: showing a bad one costs more than showing none."""


def shorten(text: str, layout: Layout, names: frozenset[str] = frozenset(FILTERS)) -> Filtered:
    """Apply filters, in order.

    Args:
        text: The middle behind the cursor.
        layout: The cursor's surroundings.
        names: Of the filters; all by default.
    """
    for name, filter_ in FILTERS.items():
        if name in names and text:
            text = filter_.apply(text, layout)
            if not text.strip():
                return Filtered("", filter_.reason)
    return Filtered(text)


def lasting(text: str, layout: Layout, names: frozenset[str] = frozenset(FILTERS)) -> str:
    """Return the whole lines that ``shorten`` leaves of any text that begins with the lines ``text``.

    Args:
        text: Whole lines, the last one without its line end and blanks before that.
        layout: The cursor's surroundings.
        names: Of the filters; all by default.
    """
    for name, filter_ in FILTERS.items():
        if name in names:
            text = _whole_lines(text, (filter_.lasting or filter_.apply)(text, layout))
    return text


def _whole_lines(text: str, kept: str) -> str:
    """Return the lines of ``text`` that are whole in ``kept``, its beginning."""
    rest = text[len(kept.rstrip()) :].lstrip(" \t")
    return (kept if rest[:1] in ("", "\n") else kept[: max(0, kept.rfind("\n"))]).rstrip()


@dataclass(frozen=True)
class Showing:
    """What is shown of the texts of one request.

    Attributes:
        filters: Names of those that apply.
        least: Confidence that a text has to reach.
    """

    filters: frozenset[str]
    least: float

    @classmethod
    def of(cls, request: CompletionRequest) -> Showing:
        """Return what a request wants.

        Raises:
            ValueError: It names a filter that there is none of.
        """
        for name in request.filters or ():
            if name not in FILTERS:
                raise ValueError(f"unknown filter {name!r}; known are {', '.join(FILTERS)}")
        unasked = request.trigger in UNASKED
        suitable = (name for name, each in FILTERS.items() if each.asked_too or unasked)
        wanted = frozenset(suitable if request.filters is None else request.filters)
        return cls(wanted, least_for(request.trigger, request.least_confidence))


__all__ = ["FILTERS", "Filter", "Filtered", "Showing", "confidence", "if_confident", "lasting", "shorten"]
