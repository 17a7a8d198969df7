"""Drafts of guesses that come with probabilities."""

from __future__ import annotations

from collections.abc import Iterable

from decoding.types import Draft

# Matches from here on are as good as each other.
LONGEST = 8


def sure_chain(guessed: Iterable[tuple[int, float]], name: str, separators: frozenset[int], least: float) -> Draft:
    """Return the beginning of a guess that is likely right, up to a separator.

    It counts as a match of twice as many tokens as the odds of one of its tokens are to one (``draft_length``).

    Args:
        guessed: Tokens, next first, each with its probability if those before it are right.
        name: The drafter's.
        separators: Ids that no draft contains.
        least: The draft ends before the token with which all of it is less likely right than this.
    """
    tokens, likely = list[int](), 1.0
    for token, probability in guessed:
        if token in separators or likely * probability < least:
            break
        likely *= probability
        tokens.append(token)
    if not tokens:
        return Draft()
    right = likely ** (1 / len(tokens))
    match = round(min(LONGEST, 2 * right / max(1 - right, 1e-9)))
    return Draft(tuple(tokens), name, max(1, match))
