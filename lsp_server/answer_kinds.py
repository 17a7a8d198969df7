"""Where answers come from, and how many came from where."""

from __future__ import annotations

import enum
from collections import Counter

from lsp_server.reasons import AnyReason


class AnswerKind(enum.Enum):
    """Where the text of an answer comes from, the cheapest first; the value is what traces and status show."""

    TYPED = "typed"
    """A suggestion whose beginning the user has typed."""
    CACHED = "cached"
    """A suggestion for the same place."""
    AHEAD = "ahead"
    """A suggestion that was written before anybody asked."""
    JOINED = "joined"
    """What the engine was asked already."""
    MODEL = "model"
    """The engine."""

    @property
    def asks_engine(self) -> bool:
        """Whether the engine worked while the client waited."""
        return self in (AnswerKind.JOINED, AnswerKind.MODEL)


class AnswerCounts:
    """How a window's requests were answered.

    Attributes:
        answers: Answers with text, by kind.
        silences: Answers without, by reason.
        begun_ahead: Completions that the engine was asked for before the client did.
        accepted: Items that the user took whole.
        accepted_in_part: How often the user took a part of one.
    """

    def __init__(self) -> None:
        """Start at zero."""
        self.answers: Counter[AnswerKind] = Counter()
        self.silences: Counter[AnyReason] = Counter()
        self.begun_ahead = 0
        self.accepted = 0
        self.accepted_in_part = 0

    def as_dict(self) -> dict[str, dict[str, int] | int]:
        """Return the counts as plain values."""
        return {
            "answers": {kind.value: self.answers[kind] for kind in AnswerKind},
            "silences": {reason.value: count for reason, count in self.silences.items()},
            "begun_ahead": self.begun_ahead,
            "accepted": self.accepted,
            "accepted_in_part": self.accepted_in_part,
        }

    def in_words(self) -> str:
        """Return one line for people; "" before the first answer with text."""
        return ", ".join(f"{self.answers[kind]} {kind.value}" for kind in AnswerKind if self.answers[kind])
