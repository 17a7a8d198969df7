"""What the server has done since it started: counts and times, never a text."""

from __future__ import annotations

import bisect
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from typing import Any

from completion.types import CompletionResult

# Completions that percentiles are taken over: those of the last minutes say more than those of last week.
RECENT = 1000

SHOWN = 60
"""The newest completions, shown one by one."""

BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Upper limits, in seconds, of the classes that latencies are counted in."""

EVENTS = ("view", "select", "dismiss")
"""What clients tell of completions that they have shown."""

TOTALS = ("prompt_tokens", "prefilled_tokens", "reused_tokens", "new_tokens", "forward_passes", "backtracks")
TALLIES = ("drafted", "accepted", "denied", "unknown", "facts")


class Statistics:
    """Counts of one server; used on its event loop alone.

    Attributes:
        replies: Replies by path and status; paths that there are not count as "other".
        completions: Results, those without text included.
        reasons: Why there was no text.
        events: What clients told.
        totals: Sums of the counters of all results.
        tallies: The same by name: of drafters, monitors, kinds of facts.
        classes: Completions by class of ``BUCKETS``, and those above.
        seconds: Sum of their latencies.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with nothing done."""
        self._clock = clock
        self._started = clock()
        self._recent: deque[float] = deque(maxlen=RECENT)
        self.replies: Counter[tuple[str, int]] = Counter()
        self.completions = 0
        self.reasons: Counter[str] = Counter()
        self.events: Counter[str] = Counter()
        self.totals: Counter[str] = Counter()
        self.tallies: dict[str, Counter[str]] = {name: Counter() for name in TALLIES}
        self.classes = [0] * (len(BUCKETS) + 1)
        self.seconds = 0.0

    def completed(self, result: CompletionResult, seconds: float | None) -> None:
        """Count a result; ``seconds`` is None where there was nothing to wait for."""
        self.completions += 1
        if seconds is not None:
            self.seconds += seconds
            self.classes[bisect.bisect_left(BUCKETS, seconds)] += 1
            self._recent.append(seconds)
        if result.reason is not None:
            self.reasons[result.reason.value] += 1
        for name in TOTALS:
            self.totals[name] += result.counters.get(name, 0)
        for name in TALLIES:
            self.tallies[name].update(result.counters.get(name, {}))

    @property
    def uptime(self) -> float:
        """Seconds since the start."""
        return self._clock() - self._started

    def summary(self) -> dict[str, Any]:
        """Return everything as plain values, for the dashboard."""
        recent = list(self._recent)
        return {
            "uptime_s": round(self.uptime, 1),
            "completions": self.completions,
            "latency_ms": {f"p{share}": percentile(recent, share) for share in (50, 90, 99)},
            "recent_ms": [_ms(seconds) for seconds in recent[-SHOWN:]],
            **{name: self.totals[name] for name in TOTALS},
            **{name: dict(self.tallies[name]) for name in TALLIES},
            "reasons": dict(self.reasons),
            "events": {name: self.events[name] for name in EVENTS},
            "replies": dict(_by_status(self.replies)),
        }


def percentile(seconds: list[float], share: int) -> float | None:
    """Return the least latency, in milliseconds, that ``share`` percent do not exceed; None of nothing.

    >>> percentile([0.4, 0.1, 0.2, 0.3], 50)
    200.0
    """
    if not seconds:
        return None
    return _ms(sorted(seconds)[max(0, -(-len(seconds) * share // 100) - 1)])


def _by_status(replies: Mapping[tuple[str, int], int]) -> Counter[str]:
    statuses: Counter[str] = Counter()
    for (_, status), count in replies.items():
        statuses[str(status)] += count
    return statuses


def _ms(seconds: float) -> float:
    return round(1000 * seconds, 1)
