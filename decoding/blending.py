"""The model's expectation, with what the document itself makes likely mixed in (``models.ngrams``).

What comes out is the distribution that everything else works with: monitors, sampling, and drafters, which stay
lossless.  It depends on the row, on what stands before the token and on the request alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from models.engines.base import Row
from models.ngrams import ORDERS, DocumentNgrams

# Takes the model's row and the middle before its token, and returns the row to choose from.
Mix = Callable[[Row, Sequence[int]], Row]


@dataclass(frozen=True, eq=False)
class Blend:
    """Mixes n-grams of the document into rows.

    Attributes:
        ngrams: Of the document, without the middle.
        end_ids: Ids that end the middle; they stay as likely as they are.
        before: The last ids before the middle, ``ORDERS`` of them if there are so many.
    """

    ngrams: DocumentNgrams
    end_ids: tuple[int, ...]
    before: tuple[int, ...]

    def __call__(self, row: Row, written: Sequence[int]) -> Row:
        """Return a row of the mixture.

        Logits of what the document does not offer stay as they are: all of it would lose as much.

        Args:
            row: What the model expects.
            written: The middle before that token.
        """
        found = self.ngrams.followers((*self.before, *written[-ORDERS:])[-ORDERS:])
        if found is None:
            return row
        logits, ends = row.logits.clone(), list(self.end_ids)
        logits[ends] = -math.inf
        tokens = torch.from_numpy(found.tokens).to(logits.device)
        odds = torch.from_numpy(found.odds).to(logits)
        logits[tokens] = torch.logaddexp(logits[tokens], logits.logsumexp(-1) + odds)
        logits[ends] = row.logits[ends] - found.left
        return Row(logits, row.hidden)


def unblended(row: Row, written: Sequence[int]) -> Row:
    """Return the row as it is: for models whose shares nobody has measured."""
    return row
