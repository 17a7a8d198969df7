"""What filters return."""

from __future__ import annotations

from dataclasses import dataclass

from completion.types import Reason


@dataclass(frozen=True)
class Filtered:
    """A text after the filters.

    Attributes:
        text: What is left of it, a prefix.
        reason: Why nothing is, None if something is or if there was nothing.
    """

    text: str
    reason: Reason | None = None
