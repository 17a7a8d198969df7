"""A smaller model of the same tokenizer that guesses what a larger one writes (Leviathan et al. 2023).

It stops where it grows unsure: a guess is worth making only while all of it is likely right (SpecDec++,
Huang et al. 2024).
"""

from __future__ import annotations

from collections.abc import Sequence

from models.engines.base import Engine
from models.engines.prefill import CHUNK_TOKENS, feed, keep_common


class DraftModel:
    """An engine and the keys and values of one text, for whoever asked for it last."""

    def __init__(self, engine: Engine) -> None:
        """Take the small model's engine."""
        self._engine = engine
        self._slab = engine.new_slab()
        self._holder: object = None

    def hand_to(self, holder: object) -> None:
        """Give it to a holder: it holds one text, and two by turns would have it read both again and again."""
        self._holder = holder

    def is_held_by(self, holder: object) -> bool:
        """Whether nobody came after this holder."""
        return self._holder is holder

    def guess(self, tokens: Sequence[int], count: int, least: float) -> list[tuple[int, float]]:
        """Return how ``tokens`` go on, each token with its probability.

        Afterwards its slab holds ``tokens`` and nothing of the guess.  Of many tokens that are new it reads
        one chunk and guesses nothing yet.

        Args:
            tokens: A whole text, at least one token.
            count: Most tokens to guess.
            least: It stops before the token with which the whole guess is less likely than this.
        """
        if count < 1 or len(tokens) + count > self._engine.max_length:
            return []
        keep_common(self._engine, self._slab, tokens[:-1])
        if len(tokens) - len(self._slab.tokens) > CHUNK_TOKENS:
            feed(self._engine, self._slab, tokens[:-1])
            return []
        found: list[tuple[int, float]] = []
        all_right, new = 1.0, tuple(tokens[len(self._slab.tokens) :])
        while True:
            best, token = self._engine.forward(self._slab, new).logits[-1].softmax(dim=-1).max(dim=-1)
            all_right *= float(best)
            if all_right < least:
                break
            found.append((int(token), float(best)))
            if len(found) == count:
                break
            new = (int(token),)
        self._engine.truncate(self._slab, len(tokens))
        return found
