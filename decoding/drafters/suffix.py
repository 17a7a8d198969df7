"""What followed the same tokens in the rest of the file, in open files and in the workspace.

After SuffixDecoding (Oliaro et al., NeurIPS 2025): the longest match decides where to copy from, and where
several places match, what follows most of them.  The indexes are ``models.suffix_index``; who makes them
and says what may be copied is ``completion.corpora``.  Prompt and output are ``copyspec``'s.
"""

from __future__ import annotations

from collections.abc import Sequence

from decoding.types import Corpus, Draft, Prompt, Tip

# Tokens of context that are compared, at most.
CONTEXT = 16

# Copied tokens for each token that agrees, and in all.
GROWTH = 2
BLOCK = 31

# So many agreeing tokens are worth one of the prompt: behind four or six that agree half of the guesses are right, as
# behind two or three there, and behind eight and more three quarters.
WORTH = 2


class Suffix:
    """Drafts by copying from texts outside the prompt."""

    name = "suffix"

    def __init__(self, corpora: Sequence[Corpus]) -> None:
        """Take what may be copied from, the nearest first: it wins among equal matches."""
        self._corpora = tuple(corpora)
        self._context: tuple[int, ...] = ()

    def begin(self, prompt: Prompt) -> None:
        """Remember what stands before the middle."""
        self._context = (*prompt.before, *prompt.tokens[prompt.forced_from :])[-CONTEXT:]

    def propose(self, tip: Tip, budget: int) -> Draft:
        """Return what follows the longest match, at most twice as many tokens as agree."""
        if budget < 1:
            return Draft()
        context = (*self._context, *tip.tokens[-CONTEXT:])[-CONTEXT:]
        best: tuple[int, ...] = ()
        agreeing = 0
        for corpus in self._corpora:
            copy = corpus.follow(context, min(budget, BLOCK))
            if copy is not None and copy.match_length > agreeing:
                best, agreeing = copy.tokens, copy.match_length
        return Draft(best[: GROWTH * agreeing], self.name, max(1, agreeing // WORTH)) if best else Draft()

    def observe(self, tokens: tuple[int, ...]) -> None:
        """Nothing to learn: the tip has what was emitted."""

    def rewind(self, count: int) -> None:
        """Nothing to forget."""
