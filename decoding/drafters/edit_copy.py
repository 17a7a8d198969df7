"""An old text is the draft, and after each change it is picked up again: rewriting, and writing again.

The old text is what stood in the place of the middle, or what was written there at the keystroke before.

After "aggressive decoding" (Ge et al., 2022).  A pointer goes through the old text with what is written.
Where the two part it looks for what was written last in the old text, ahead of it first: what was left out
or put in is then behind it, and copying goes on from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from decoding.types import Draft, Prompt, Tip

# Tokens of the old text, before and behind the pointer, in which it is picked up again.
BACK = 32
AHEAD = 128

# Written tokens that are looked for, at most.
LONGEST = 8

# What a guess rests on after that much agreement is as good as certain.
SURE = 8

# Copied tokens, at most.
BLOCK = 31


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the old text is gone on with.

    Attributes:
        at: Index of its next token.
        agreed: Tokens before it that were written as they stand there; 0 behind a change.
    """

    at: int
    agreed: int


class EditCopy:
    """Drafts the rest of a text that is being rewritten."""

    def __init__(self, old: Sequence[int], name: str = "edit_copy") -> None:
        """Take the old text, from the beginning of the middle on, and the name to report drafts under."""
        self.name = name
        self._old = tuple(old)
        self._written: list[int] = []
        self._places: list[_Place] = []

    def begin(self, prompt: Prompt) -> None:
        """Start at the beginning of the old text, which agrees with itself."""
        self._written = []
        self._places = [_Place(0, SURE)]
        self.observe(prompt.tokens[prompt.forced_from :])
        self._places = self._places[-1:]

    def propose(self, tip: Tip, budget: int) -> Draft:
        """Return how the old text goes on."""
        place = self._places[-1]
        copied = self._old[place.at : place.at + min(budget, BLOCK)] if budget > 0 else ()
        return Draft(copied, self.name, max(1, min(place.agreed, SURE))) if copied else Draft()

    def observe(self, tokens: tuple[int, ...]) -> None:
        """Go on through the old text."""
        for token in tokens:
            self._written.append(token)
            self._places.append(self._after(self._places[-1], token))

    def rewind(self, count: int) -> None:
        """Go back.

        Raises:
            ValueError: Further than it went.
        """
        if not 0 <= count < len(self._places):
            raise ValueError(f"cannot forget {count} of {len(self._places) - 1} emitted tokens")
        if count:
            del self._written[-count:], self._places[-count:]

    def _after(self, place: _Place, token: int) -> _Place:
        """Return where the old text goes on behind a written token."""
        if place.at < len(self._old) and self._old[place.at] == token:
            return _Place(place.at + 1, place.agreed + 1)
        found = self._found_again(place.at)
        return found if found is not None else _Place(place.at, 0)

    def _found_again(self, at: int) -> _Place | None:
        """Return the place near ``at`` before which most of what was written last stands, two tokens at least."""
        first, last = max(1, at - BACK), min(len(self._old), at + AHEAD)
        best, longest = None, 1
        ends = (end for end in range(first, last + 1) if self._old[end - 1] == self._written[-1])
        for end in sorted(ends, key=lambda end: (end < at, abs(end - at))):
            length = self._agreement(end)
            if length > longest:
                best, longest = end, length
        return _Place(best, longest) if best is not None else None

    def _agreement(self, end: int) -> int:
        """Return how many tokens before ``end`` of the old text are those written last."""
        length = 0
        most = min(LONGEST, end, len(self._written))
        while length < most and self._old[end - 1 - length] == self._written[-1 - length]:
            length += 1
        return length
