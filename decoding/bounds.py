"""Which tokens cannot win, found out from their first byte.

Where the model's favourites cost something, the walk of ``decoding.masking`` would ask all monitors about one
after the other.  But most are objected to for a reason that they share, mostly already with their first byte:

* penalties add up, and none is positive: a token costs no less than its first byte does;
* the *suspect*, a monitor that objected to a favourite, says what anything costs but what has to come, if it knows
  that, or is asked alone: all together cost no less than that and its correction (``decoding.odds``).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from decoding.odds import Odds, listed_tokens
from decoding.verdicts import Verdicts
from decoding.watch import Judgement
from models.vocabulary import Vocabulary
from monitors.base import FORBIDDEN, Continuations


class Bounds:
    """What tokens cost at least, at one position."""

    def __init__(self, verdicts: Verdicts, odds: Odds, suspect: str) -> None:
        """Suspect a monitor by its name, "" for none."""
        self._verdicts = verdicts
        self._odds = odds
        self._suspect = suspect
        closed = odds.closed_here(suspect) if suspect else None
        self._priced = priced_tokens(odds.vocabulary, closed) if closed is not None else b""
        self._price = closed.price + odds.of_others(suspect) if closed is not None and closed.price else 0.0
        self._first: dict[int, Judgement] = {}
        self._asked: set[int] = set()

    def objector(self, token: int, room: float) -> str | None:
        """Return who objects to a token that surely costs more than ``room``, nats, 0 or less; None if nobody knows.

        What costs less to find out is looked at first.  All monitors are asked about a first byte when it comes a
        second time, unless a token that begins with it is known to cost nothing.
        """
        is_priced = token < len(self._priced) and self._priced[token]
        if is_priced and is_below(self._price, room):
            return self._suspect
        data = self._odds.vocabulary.bytes_of(token)
        if not data:
            return None
        if is_priced:
            return self._suspect if is_below(self._suspected(data), room) else None
        bound = self._of_first(data[0], room)
        if is_below(bound.penalty, room):
            return bound.monitor
        return self._suspect if len(data) > 1 and is_below(self._suspected(data), room) else None

    def _of_first(self, byte: int, room: float) -> Judgement:
        """Return the bound for tokens that begin with a byte, looked into no further than needed."""
        bound = self._first.get(byte)
        if bound is None:
            first = bytes((byte,))
            bound = self._verdicts.buried(first) or Judgement(self._suspected(first), self._suspect)
            self._first[byte] = bound
        elif byte not in self._asked and not (self._verdicts.is_clear(byte) or is_below(bound.penalty, room)):
            self._asked.add(byte)
            asked = self._verdicts.of_beginning(bytes((byte,)))
            if asked.penalty < bound.penalty:
                bound = self._first[byte] = asked
        return bound

    def _suspected(self, data: bytes) -> float:
        """Return the bound for tokens that begin with ``data``, by the suspect alone."""
        if not self._suspect:
            return 0.0
        return self._corrected(self._odds.watch.penalty_by(self._suspect, data, self._odds.view), data)

    def _corrected(self, penalty: float, data: bytes) -> float:
        """Return the bound where this is the suspect's penalty for ``data``."""
        if penalty in (0.0, FORBIDDEN):
            return penalty
        return penalty + self._odds.correction(data, self._suspect)


@lru_cache(maxsize=64)
def priced_tokens(vocabulary: Vocabulary, closed: Continuations) -> bytes:
    """Return for each token 1 if it costs the set's price at least, else 0: by its first byte, and not listed."""
    is_priced = beginning_with(vocabulary, closed.priced).copy()
    is_priced[listed_tokens(vocabulary.trie, closed)] = False
    return is_priced.tobytes()


@lru_cache(maxsize=16)
def beginning_with(vocabulary: Vocabulary, first: frozenset[int]) -> npt.NDArray[np.bool_]:
    """Return for each token whether its first byte is one of some."""
    found = np.zeros(vocabulary.size, dtype=np.bool_)
    for byte, node in vocabulary.trie.children.items():
        found[node.below_array] = byte in first
    return found


def is_below(bound: float, room: float) -> bool:
    """Whether what costs at least ``bound`` has no room, forbidden tokens having none anywhere."""
    return bound < room or bound == FORBIDDEN
