"""Which tokens cannot win, found out from their first byte.

Where the model's favourites cost something, the walk of ``decoding.masking`` would ask all monitors about one
after the other.  But most are objected to for a reason that they share, mostly already with their first byte:

* penalties add up, and none is positive: a token costs no less than its first byte does;
* the *suspect*, the monitor that objected to a favourite and knows what has to come instead, says what anything
  else costs, or is asked alone about a first byte: all together cost no less than that and its correction
  (``decoding.odds``), which is the same for all tokens at the position.
"""

from __future__ import annotations

from decoding.odds import Odds, listed_set
from decoding.verdicts import Verdicts
from decoding.watch import Judgement
from monitors.base import FORBIDDEN


class Bounds:
    """What tokens cost at least, at one position."""

    def __init__(self, verdicts: Verdicts, odds: Odds, suspect: str) -> None:
        """Suspect a monitor by its name, "" for none."""
        self._verdicts = verdicts
        self._odds = odds
        self._suspect = suspect
        closed = odds.closed_here(suspect) if suspect else None
        self._listed = listed_set(odds.vocabulary.trie, closed) if closed is not None else frozenset[int]()
        self._priced = closed.priced if closed is not None else frozenset[int]()
        self._price = self._corrected(closed.price, b"") if closed is not None else 0.0
        self._first: dict[int, Judgement] = {}
        self._asked: set[int] = set()

    def objector(self, token: int, room: float) -> str | None:
        """Return who objects to a token that surely costs more than ``room``, nats, 0 or less; None if nobody knows.

        What costs less to find out is looked at first.  All monitors are asked about a first byte when it comes a
        second time.
        """
        data = self._odds.vocabulary.bytes_of(token)
        if not data:
            return None
        byte = data[0]
        if byte in self._priced and token not in self._listed:
            if not is_below(self._price, room) and not is_below(self._suspected(data), room):
                return None
            return self._suspect
        bound = self._of_first(byte, room)
        if is_below(bound.penalty, room):
            return bound.monitor
        return self._suspect if len(data) > 1 and is_below(self._suspected(data), room) else None

    def _of_first(self, byte: int, room: float) -> Judgement:
        """Return the bound for tokens that begin with a byte, looked into no further than needed."""
        bound = self._first.get(byte)
        if bound is None:
            bound = self._first[byte] = Judgement(self._suspected(bytes((byte,))), self._suspect)
        elif byte not in self._asked and not is_below(bound.penalty, room):
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


def is_below(bound: float, room: float) -> bool:
    """Whether what costs at least ``bound`` has no room, forbidden tokens having none anywhere."""
    return bound < room or bound == FORBIDDEN
