"""A model that is sure of one text: what comes out otherwise, monitors, stop policy, trim or filters have done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch

from models.engines.base import Pass, Rows, one_by_one
from models.formats import FimFormat
from models.vocabulary import Vocabulary

CERTAIN = 20.0


@dataclass
class SureSlab:
    """Ids alone."""

    tokens: list[int] = field(default_factory=list)
    n_bytes: int = 0
    used_bytes: int = 0


@dataclass
class Sure:
    """An engine that gives nearly all mass to one text, from the start of the cursor's line, and to the end behind it.

    Attributes:
        vocabulary: The ids.
        format: The layout of prompts.
        vocabulary_size: Columns of a row.
        text: What it wants to write.
        max_length: Tokens of a slab, at most.
    """

    vocabulary: Vocabulary
    format: FimFormat
    vocabulary_size: int
    text: bytes = b""
    max_length: int = 4096

    def new_slab(self) -> SureSlab:
        """Return an empty slab."""
        return SureSlab()

    def reserve(self, slab: SureSlab, length: int) -> None:
        """Do nothing: there is room."""

    def forward(self, slab: SureSlab, tokens: Sequence[int]) -> Rows:
        """Return a row for each token."""
        rows = []
        for token in tokens:
            slab.tokens.append(token)
            rows.append(self._row(slab.tokens))
        return Rows(torch.stack(rows))

    def forward_each(self, passes: Sequence[Pass]) -> list[Rows]:
        """Do several passes, one after the other."""
        return one_by_one(self, passes)

    def extend(self, slab: SureSlab, tokens: Sequence[int]) -> None:
        """Take the tokens."""
        slab.tokens.extend(tokens)

    def fork(self, slab: SureSlab, length: int) -> SureSlab:
        """Return a new slab with the first tokens of another."""
        return SureSlab(slab.tokens[:length])

    def truncate(self, slab: SureSlab, length: int) -> None:
        """Forget the last tokens."""
        del slab.tokens[length:]

    def _row(self, tokens: Sequence[int]) -> torch.Tensor:
        row = torch.zeros(self.vocabulary_size)
        last = max(place for place, token in enumerate(tokens) if token in self.format.separators)
        rest = self._rest(self.vocabulary.decode(tokens[last + 1 :]))
        wanted = self.vocabulary.encode_bytes(rest)[:1] if rest else tuple(self.format.end_ids)
        row[list(wanted)] = CERTAIN
        return row

    def _rest(self, written: bytes) -> bytes:
        """Return what is left to write behind a text that ends somewhere in ``text``; b"" where it does not."""
        sizes = range(len(self.text), -1, -1)
        return next((self.text[size:] for size in sizes if written.endswith(self.text[:size])), b"")
