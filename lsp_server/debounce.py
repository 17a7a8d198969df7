"""How long to wait after a keystroke before the engine is asked.

After Tabby's rule: the slower and the more regularly the user types, the longer; shorter where a word has ended.
Adapted to an engine on the same machine that drops a request within one forward pass: what waiting saves there is
work that the next keystroke would throw away, and nothing else.  So there is no wait while answers come faster than
keystrokes, nor after a pause; only when the request before went unanswered does the next one wait for as long as
the next keystroke usually takes.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

# Keystrokes that the pace is taken of, and the interval from which on it was a pause, s.
STROKES = 20
PAUSE_S = 1.0
# Of the pace, where the user would like to see how it goes on.
AT_WORD_END = 0.5


class Debounce:
    """The typing pace of one window, and the wait that follows from it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start without a pace.

        Args:
            clock: Seconds.
        """
        self._clock = clock
        self._intervals: deque[float] = deque(maxlen=STROKES)
        self._last_stroke: float | None = None
        self._unanswered: float | None = None

    def keystroke(self) -> None:
        """Note that the user changed a document."""
        now = self._clock()
        if self._last_stroke is not None and (interval := now - self._last_stroke) < PAUSE_S:
            self._intervals.append(interval)
        self._last_stroke = now

    def answered(self) -> None:
        """Note that the engine's answer came in time."""
        self._unanswered = None

    def wait(self, before: str, longest_s: float) -> float:
        """Return the seconds to wait with a request that is made now.

        Args:
            before: Text before the cursor.
            longest_s: At most.
        """
        now = self._clock()
        outrun = self._unanswered is not None and now - self._unanswered < PAUSE_S
        self._unanswered = now
        if not outrun or not self._intervals:
            return 0.0
        pace = sum(self._intervals) / len(self._intervals)
        in_word = before[-1:].isalnum() or before.endswith("_")
        return min(pace if in_word else pace * AT_WORD_END, longest_s)
