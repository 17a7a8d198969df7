"""How many tokens a forward pass may have: few where somebody types meanwhile, who would wait for its end.

A pass cannot be interrupted, and long ones are for prompts.  By short ones a prompt takes a fifth more time in all
on a CPU (embedded model), so they are for those who do not type themselves, and only while somebody else does.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from completion.types import TYPING, Trigger
from models.engines.cost import CostCurve
from models.engines.prefill import CHUNK_TOKENS

# A short pass: with the embedded model 6 ms of a CPU where ``CHUNK_TOKENS`` are 18.
SHORT_TOKENS = 32

# Who has asked from an editor types on for so many seconds.
TYPING_S = 10.0

# Where so many tokens cost no more than this many times what one does, on a graphics card, no pass is long.
NEARLY_FREE = 2.0


class PassSize:
    """Knows whether somebody types; ``asked`` is for any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Know of nobody."""
        self._clock = clock
        self._typed_at = -math.inf
        self._short = SHORT_TOKENS

    def measured(self, curve: CostCurve) -> None:
        """Learn what passes cost on this machine."""
        free = curve.at(SHORT_TOKENS) <= NEARLY_FREE * curve.at(1)
        self._short = CHUNK_TOKENS if free else SHORT_TOKENS

    def asked(self, trigger: Trigger) -> None:
        """Note a request."""
        if trigger in TYPING:
            self._typed_at = self._clock()

    def most(self, trigger: Trigger) -> int:
        """Return the most tokens that a pass for a request may have now."""
        beside = trigger not in TYPING and self._clock() < self._typed_at + TYPING_S
        return self._short if beside else CHUNK_TOKENS
