"""Forced chains: where the monitors leave one way to go on, nobody needs to ask the model for it.

After ``account.`` only the account's attributes may follow; once a letter or two are written
the rest of the name is often certain.  The draft is the beginning that all allowed texts share.
Penalties of facts are finite, so the model may still decide otherwise: verification finds out.
"""

from __future__ import annotations

from collections.abc import Sequence

from decoding.types import Draft, Prompt, Tip
from models.vocabulary import Vocabulary


class MonitorDrafter:
    """Drafts what the monitors force."""

    name = "monitor"

    def __init__(self, vocabulary: Vocabulary) -> None:
        """Take the vocabulary to write forced bytes with."""
        self._vocabulary = vocabulary

    def begin(self, prompt: Prompt) -> None:
        """Nothing to learn: the tip carries the monitors' states."""

    def propose(self, tip: Tip, budget: int) -> Draft:
        """Return the tokens of the forced bytes.

        Where several texts are possible, the last token is left out: what tells them apart may
        stand in the same token as the end of what they share.
        """
        data, certain = forced([found.texts for found in tip.watch.continuations()])
        if not data or budget < 1:
            return Draft()
        tokens = self._vocabulary.encode_bytes(data)
        chain = (tokens if certain else tokens[:-1])[:budget]
        return Draft(chain, self.name) if chain else Draft()

    def observe(self, tokens: tuple[int, ...]) -> None:
        """Nothing to learn."""

    def rewind(self, count: int) -> None:
        """Nothing to forget."""


def forced(sets: Sequence[Sequence[bytes]]) -> tuple[bytes, bool]:
    """Return the bytes that come next in any case, and whether they are one whole text.

    Args:
        sets: From each set one text has to come next; beyond its end anything may follow, so
            texts of different sets agree when one begins with the other.

    Returns:
        The longest beginning that all sets agree on, b"" if there is none or if the sets
        contradict each other; True if some set has no other text left than exactly this one.
    """
    known = b""
    left = [tuple(texts) for texts in sets]
    while left and all(left):
        longest = max((shared_beginning(texts) for texts in left), key=len)
        if len(longest) <= len(known):
            return known, any(texts == (known,) for texts in left)
        known = longest
        left = [tuple(text for text in texts if text.startswith(known) or known.startswith(text)) for texts in left]
    return b"", False


def shared_beginning(texts: Sequence[bytes]) -> bytes:
    """Return the longest bytes that all of at least one text begin with."""
    first, last = min(texts), max(texts)
    for index, byte in enumerate(first):
        if byte != last[index]:
            return first[:index]
    return first
