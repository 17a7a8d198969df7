"""Grammar-aligned decoding: later candidates know what became of the beginnings of earlier ones.

Choosing token by token under monitors is greedy: a beginning that is likely for the model is taken
even if nearly everything behind it is refused, and what is written there in the end stands for far
more than its share of the model's distribution.  ASAp (Park et al., Grammar-Aligned Decoding, 2024)
draws each token in proportion to p(x) m(x) h(x) instead, where m is what the monitors leave of the
token now and h what they will leave of the text behind it.  h is 1 where nobody has been yet, an
overestimate, and otherwise the sum of p m h over the next tokens, written down after each candidate.
So h only falls, and candidates come ever closer to the model's distribution conditioned on what the
monitors allow.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

ALIGNED = "aligned"


@dataclass
class Beginning:
    """A beginning that some candidate had.

    Attributes:
        shares: p(x) m(x) of the next tokens; None while nobody has looked.
        longer: Beginnings that are one token longer.
        expected: The share of the model's texts with this beginning that the monitors are expected to leave.
    """

    shares: Mapping[int, float] | None = None
    longer: dict[int, Beginning] = field(default_factory=dict)
    expected: float = 1.0

    def look_ahead(self) -> None:
        """Compute ``expected`` from the beginnings that are one token longer."""
        if self.shares is not None:
            rest = ((share, self.longer.get(token)) for token, share in self.shares.items())
            self.expected = sum(share * (1.0 if known is None else known.expected) for share, known in rest)


class Futures:
    """What is known of the beginnings of one request's candidates; changes between candidates only."""

    def __init__(self) -> None:
        """Know nothing."""
        self.root = Beginning()

    def discounts(self, written: Iterable[int]) -> dict[int, float]:
        """Return ln h for each token behind ``written`` that some candidate wrote there; 0 for all others."""
        here: Beginning | None = self.root
        for token in written:
            here = here.longer.get(token) if here is not None else None
        longer = here.longer if here is not None else {}
        return {t: math.log(min(1.0, b.expected)) if b.expected > 0 else -math.inf for t, b in longer.items()}

    def learn(self, steps: Iterable[tuple[int | None, Mapping[int, float]]]) -> None:
        """Take note of a finished candidate.

        Args:
            steps: For each token of the candidate its id and the shares it was drawn by; an id of
                None for the place where no token could follow.
        """
        path = [self.root]
        for token, shares in steps:
            path[-1].shares = shares
            if token is not None:
                path.append(path[-1].longer.setdefault(token, Beginning()))
        for beginning in reversed(path):
            beginning.look_ahead()
