"""Do not show what the model itself holds for unlikely.

Tokens at which a monitor refused something say nothing of that: there the model wanted something else, and what
it got instead is what the analysis knows to be right.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from completion.filters.base import Filtered
from completion.types import Reason, Trigger

LEAST: Final[Mapping[Trigger, float]] = {Trigger.AUTOMATIC: 0.1, Trigger.AHEAD: 0.1}
"""The mean probability of a token below which a text does not show by itself; what is asked for is shown.

Of 149 texts (`bench.context`, its table of limits) it hides none of 17 right ones and 5 of the others; 0.25 would hide
2 and 37, among them names that the analysis had not confirmed yet."""


def least_for(trigger: Trigger, wanted: float | None) -> float:
    """Return what the mean probability has to reach; ``wanted`` None leaves it to the trigger."""
    return LEAST.get(trigger, 0.0) if wanted is None else wanted


def if_confident(filtered: Filtered, sure: float, least: float) -> Filtered:
    """Return a text, or nothing if the model was too unsure of it.

    Args:
        filtered: What is left of it after the filters.
        sure: Its ``confidence``.
        least: What that has to reach.
    """
    return Filtered("", Reason.LOW_CONFIDENCE) if filtered.text and sure < least else filtered


def confidence(logprobs: Sequence[float]) -> float:
    """Return the mean probability (geometric) of tokens by their log-probabilities, nats; 1 if there are none."""
    return math.exp(math.fsum(logprobs) / len(logprobs)) if logprobs else 1.0
