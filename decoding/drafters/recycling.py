"""Token Recycling: what the model would last have written behind a token is what it will write there again.

After Luo et al., "Turning Trash into Treasure: Accelerating Inference of Large Language Models with Token
Recycling" (ACL 2025).  Each pass tells the likeliest successor of every token that it verified, also of those
that were wrong; prompts tell what followed a token there; both are kept between requests.  The paper keeps
eight successors and verifies a tree of eighty nodes; where passes are not nearly free the likeliest chain is
what pays.  It always has something to say, so it is asked last.
"""

from __future__ import annotations

from decoding.types import Draft, Prompt, Tip

# Guessed tokens at most: they rest on one token each, so the chance that all are right falls fast.
BLOCK = 6


class Recycling:
    """Drafts a chain of successors."""

    name = "recycling"

    def __init__(self) -> None:
        """Know no prompt yet."""
        self._separators: frozenset[int] = frozenset()
        self._last: tuple[int, ...] = ()

    def begin(self, prompt: Prompt) -> None:
        """Remember the token before the middle, and what no draft contains."""
        self._separators = prompt.separators
        self._last = prompt.tokens[-1:]

    def propose(self, tip: Tip, budget: int) -> Draft:
        """Return the successor of the last token, its successor, and so on."""
        chain = [*self._last, *tip.tokens][-1:]
        while chain and len(chain) <= min(budget, BLOCK):
            follows = tip.successors.get(chain[-1])
            if follows is None or follows in self._separators:
                break
            chain.append(follows)
        return Draft(tuple(chain[1:]), self.name, 1) if len(chain) > 1 else Draft()

    def observe(self, tokens: tuple[int, ...]) -> None:
        """Nothing to learn: the tip knows what follows what."""

    def rewind(self, count: int) -> None:
        """Nothing to forget."""
