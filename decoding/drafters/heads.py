"""What the model's extra heads guess from the state that the last token was chosen from (Medusa-1, Cai et al. 2024).

The heads are ``models.heads``.  The state comes out of the pass that chose the token, so there is none, and no
draft, before the first pass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from decoding.drafters.confidence import sure_chain
from decoding.types import Draft, Prompt, Tip

if TYPE_CHECKING:
    from models.heads import Heads

# A head's guess is seldom sure, and all heads cost as much as one: what is behind this likelihood is seldom reached.
LEAST = 0.15


class HeadsDrafter:
    """Drafts what extra heads are sure of."""

    name = "heads"

    def __init__(self, heads: Heads) -> None:
        """Take the heads of the model that writes."""
        self._heads = heads
        self._separators: frozenset[int] = frozenset()

    def begin(self, prompt: Prompt) -> None:
        """Remember what no draft contains."""
        self._separators = prompt.separators

    def propose(self, tip: Tip, budget: int) -> Draft:
        """Return at most a token a head, as far as they are likely right."""
        if tip.hidden is None or budget < 1:
            return Draft()
        return sure_chain(self._heads.guess(tip.hidden, budget), self.name, self._separators, LEAST)

    def observe(self, tokens: tuple[int, ...]) -> None:
        """Nothing to learn: the tip has the state."""

    def rewind(self, count: int) -> None:
        """Nothing to forget."""
