"""The bytes that token healing took back, as their canonical tokens.

The model writes the end of the typed part again; mostly it does so with the very tokens the
tokenizer would have used, and one forward pass then settles them all.
"""

from __future__ import annotations

from decoding.types import Draft, Prompt, Tip
from models.vocabulary import Vocabulary


class Heal:
    """Drafts what is left of the taken-back bytes."""

    name = "heal"

    def __init__(self, vocabulary: Vocabulary, healed: bytes) -> None:
        """Take the bytes that the middle has to begin with; b"" when none were taken back."""
        self._vocabulary = vocabulary
        self._healed = healed

    def begin(self, prompt: Prompt) -> None:
        """Nothing to learn: the bytes are known."""

    def propose(self, tip: Tip, budget: int) -> Draft:
        """Return the tokens of the taken-back bytes that the middle has not got yet."""
        # A token has at least one byte, so this stays cheap however long the middle gets.
        if budget < 1 or len(tip.tokens) >= len(self._healed):
            return Draft()
        written = self._vocabulary.decode(tip.tokens)
        if not self._healed.startswith(written) or written == self._healed:
            return Draft()
        return Draft(self._vocabulary.encode_bytes(self._healed[len(written) :])[:budget], self.name)

    def observe(self, tokens: tuple[int, ...]) -> None:
        """Nothing to learn: the tip says how far the middle is."""

    def rewind(self, count: int) -> None:
        """Nothing to forget."""
