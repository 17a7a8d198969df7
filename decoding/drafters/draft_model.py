"""What a smaller model of the same tokenizer would write (Leviathan et al. 2023), as far as it is sure.

The model is ``models.draft_model``.  It reads a chunk of a new prompt at each question and guesses nothing until it
has read all, so that no step waits long for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from decoding.drafters.confidence import sure_chain
from decoding.types import Draft, Prompt, Tip

if TYPE_CHECKING:
    from models.draft_model import DraftModel

# Guessed tokens at most: each is a pass of the small model.
BLOCK = 8

# It stops before the token with which its whole guess is less likely right than this.
LEAST = 0.3


class DraftModelDrafter:
    """Drafts what a small model is sure of."""

    name = "draft_model"

    def __init__(self, model: DraftModel) -> None:
        """Take the small model, which guesses for the request that began last."""
        self._model = model
        self._prompt = Prompt((), frozenset())

    def begin(self, prompt: Prompt) -> None:
        """Take hold of the small model."""
        self._prompt = prompt
        self._model.hand_to(self)

    def propose(self, tip: Tip, budget: int) -> Draft:
        """Return what it is sure of."""
        tokens = (*self._prompt.tokens, *tip.tokens)
        if not tokens or not self._model.is_held_by(self):
            return Draft()
        guess = self._model.guess(tokens, min(budget, BLOCK), LEAST)
        return sure_chain(guess, self.name, self._prompt.separators, LEAST)

    def observe(self, tokens: tuple[int, ...]) -> None:
        """Nothing to learn: the tip has what was emitted."""

    def rewind(self, count: int) -> None:
        """Nothing to forget: its slab keeps what is common."""
