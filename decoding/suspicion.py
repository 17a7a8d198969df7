"""Which tokens cannot win, found out by asking one monitor instead of all.

Behind a dot nearly every token that the model likes may cost something, and the walk of
``decoding.masking`` would ask all monitors about each.  But the monitor that objected to the best one, the
*suspect*, is likely to object to the others for the same reason, mostly already at their first byte.  What it
says bounds what a token can score:

* penalties add up, and none is positive: all together cost no less than the suspect's, and that no less
  than its penalty for the first byte, p;
* the correction (``decoding.odds``) belongs to the monitor with the highest penalty.  If that is the suspect,
  it is known; if it is another one, that one's penalty, too, is no less than p.

So p and the larger of p and the correction are the least that such a token costs.
"""

from __future__ import annotations

from decoding.odds import Odds
from monitors.base import FORBIDDEN, Continuations


class Suspicion:
    """Bounds at one position, by one monitor that knows the finite set of what may come."""

    def __init__(self, monitor: str, closed: Continuations, odds: Odds) -> None:
        """Suspect ``monitor``, which lists ``closed`` at the position of ``odds``."""
        self.monitor = monitor
        self.closed = closed
        self._odds = odds
        self._first: dict[int, float] = {}

    def most(self, token: int) -> float:
        """Return a bound, 0 or less, of what the monitors and their correction add to a token's score."""
        data = self._odds.vocabulary.bytes_of(token)
        if not data:
            return 0.0
        bound = self._first.get(data[0])
        if bound is None:
            bound = self._first[data[0]] = self._bound(data[:1])
        return self._bound(data) if bound == 0 and len(data) > 1 else bound

    def _bound(self, data: bytes) -> float:
        """Return the bound for tokens that begin with ``data``."""
        penalty = self._odds.watch.penalty_by(self.monitor, data, self._odds.view)
        if penalty == 0 or penalty == FORBIDDEN:
            return penalty
        return penalty + max(penalty, self._odds.correction(data, self.monitor))
