"""An n-gram model of one document, to be mixed into what a model of the language expects.

Code repeats itself, and the file at hand knows its own names and phrases better than a small model does, the more
so where it is longer than a prompt.  This is the cache language model (Kuhn & De Mori 1990), as it was nested for
code (Hellendoorn & Devanbu 2017) and mixed with networks (Grave et al. 2017; Khandelwal et al. 2020).  The orders
are interpolated (Jelinek & Mercer 1980) on top of the network, the lowest first:

    p_0(w) = the network's        p_n(w) = (1 - s_n) p_(n-1)(w) + s_n c_n(w) / N_n

Of the N_n places of the document behind which the last n tokens stand once more, w follows c_n(w); if there are
none, p_n = p_(n-1).  The document says how a text goes on, not where a middle ends: that is left to the network, and
all this is about the tokens that do not end it.

The *share* s_n of each order is measured for one model (``python -m bench.ngrams``) and lies beside its weights; a
model without that file is left alone.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.errors import ModelError, first_line

FILE_NAME: Final = "ngrams.json"

# Orders that are told apart; of twelve the last four brought a quarter of a percent.
ORDERS: Final = 8

_NOTHING: Final = -1
"""Stands between texts: follows nothing, and nothing follows it."""

Shares = tuple[float, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Followers:
    """What follows a context in the document.

    Attributes:
        tokens: Ids, ascending, ``[n]``.
        odds: Logarithm of the probability that the document adds to each, over the share that is left to the network,
            ``[n]``, nats.
        left: Logarithm of that share, nats.
    """

    tokens: NDArray[np.int64]
    odds: NDArray[np.float64]
    left: float


class DocumentNgrams:
    """The n-grams of a few texts.  A value: what is written meanwhile does not count."""

    def __init__(self, texts: Iterable[Sequence[int] | NDArray[Any]], shares: Shares) -> None:
        """Hold texts.

        Args:
            texts: Ids; no n-gram goes beyond one of them.
            shares: Of each order, the lowest first, between 0 and 1.
        """
        gap = np.array([_NOTHING], np.int32)
        parts = [part for text in texts for part in (np.asarray(text, np.int32), gap)]
        self._ids = np.concatenate([np.repeat(gap, ORDERS), *parts])
        self._shares = shares

    def following(self, context: Sequence[int]) -> list[NDArray[np.int32]]:
        """Return for each order, the lowest first, the tokens behind its places; for no order that has none.

        Args:
            context: Ids, the newest last.
        """
        ids = self._ids
        found: list[NDArray[np.int32]] = []
        places = np.flatnonzero(ids[:-1] == context[-1]) if context else np.empty(0, np.intp)
        places = places[ids[places + 1] != _NOTHING]
        while len(places):
            found.append(ids[places + 1])
            order = len(found)
            if order == min(ORDERS, len(context)):
                break
            places = places[ids[places - order] == context[-1 - order]]
        return found

    def followers(self, context: Sequence[int]) -> Followers | None:
        """Return what follows the end of ``context``, ids, the newest last; None if nothing does."""
        found = self.following(context)
        if not found:
            return None
        parts, left = parted(self._shares[: len(found)])
        each = [part / len(following) for part, following in zip(parts, found, strict=True)]
        tokens, where = np.unique(np.concatenate(found), return_inverse=True)
        added = np.bincount(where, np.repeat(each, [len(following) for following in found]))
        return Followers(tokens.astype(np.int64), np.log(added / left), math.log(left))


def parted(shares: Shares) -> tuple[list[float], float]:
    """Return what each order adds to a probability in the end, and what is left of the network's.

    >>> parted((0.5, 0.5))
    ([0.25, 0.5], 0.25)
    """
    parts: list[float] = []
    left = 1.0
    for share in reversed(shares):
        parts.append(left * share)
        left *= 1 - share
    return parts[::-1], left


def read_shares(folder: Path, name: str) -> Shares:
    """Read the shares beside a model's weights; none if nobody has measured them.

    Args:
        folder: The checkpoint's.
        name: For messages.

    Raises:
        ModelError: The file is damaged.
    """
    path = folder / FILE_NAME
    if not path.is_file():
        return ()
    try:
        found = json.loads(path.read_text(encoding="utf-8"))["shares"]
        shares = tuple(float(share) for share in found)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ModelError(f"model {name}: {FILE_NAME} is damaged ({first_line(error)}); measure or delete it") from error
    if not (len(shares) == ORDERS and all(0 < share < 1 for share in shares)):
        raise ModelError(f"model {name}: {FILE_NAME} holds no {ORDERS} shares between 0 and 1; measure or delete it")
    return shares
