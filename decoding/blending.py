"""The model's expectation, with what the document itself makes likely mixed in (``models.ngrams``).

What comes out is the distribution that everything else works with: monitors, sampling, and drafters, which stay
lossless.  It depends on the row, on what stands before the token and on the request alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

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

        Logits of what the document does not offer stay as they are: all of it would lose as much.  They lie in the
        memory of the processor then, where the rest of the walk is done.

        Args:
            row: What the model expects.
            written: The middle before that token.
        """
        found = self.ngrams.followers((*self.before, *written[-ORDERS:])[-ORDERS:])
        if found is None:
            return row
        # Of one row numpy makes less ado than torch, and than a graphics card's kernels, each of which is waited for.
        logits = row.logits.numpy(force=True).copy()
        ends = logits[self._ends]
        logits[self._ends] = -np.inf
        odds = (log_sum(logits) + found.odds).astype(logits.dtype)
        logits[found.tokens] = np.logaddexp(logits[found.tokens], odds)
        logits[self._ends] = ends - logits.dtype.type(found.left)
        return Row(torch.from_numpy(logits), row.hidden)

    @cached_property
    def _ends(self) -> NDArray[np.intp]:
        return np.array(self.end_ids, np.intp)


def log_sum(logits: NDArray[np.float32]) -> np.float32:
    """Return the logarithm of the sum of what these are the logarithms of."""
    highest = logits.max()
    total: np.float32 = highest + np.log(np.exp(logits - highest).sum())
    return total


def unblended(row: Row, written: Sequence[int]) -> Row:
    """Return the row as it is: for models whose shares nobody has measured."""
    return row
