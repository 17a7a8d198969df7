"""Computing on fewer threads while other programs want the cores.

A forward pass ends with its slowest thread.  When another program takes one core away, each
pass waits for the thread that lost it, which costs far more than doing without that thread.
"""

from __future__ import annotations

from collections.abc import Callable

from models.placement import threads, use_threads

# A pass this many times as long as measured on a quiet machine is slow.
SLOW = 2.0
# So many slow ones running are no accident.
SLOW_RUNNING = 3
# After so many good ones the next thread is tried again: about a minute of typing.
GOOD_RUNNING = 2000


class Pace:
    """Watches the forward passes of a service; for the thread that runs them."""

    def __init__(self, get: Callable[[], int] = threads, use: Callable[[int], None] = use_threads) -> None:
        """Watch.

        Args:
            get: Returns the number of threads in use.
            use: Sets it for the calling thread.
        """
        self._get = get
        self._use = use
        self._slow = 0
        self._good = 0
        self._taken = 0

    def step(self, n_tokens: int, seconds: float, expected: float | None) -> None:
        """Take note of a pass over ``n_tokens`` that took ``seconds`` where ``expected`` were measured, if any."""
        del n_tokens
        if expected is None:
            return
        slow = seconds > SLOW * expected
        self._slow, self._good = (self._slow + 1, 0) if slow else (0, self._good + 1)
        if self._slow == SLOW_RUNNING:
            self._slow = 0
            self._take_one()
        elif self._good == GOOD_RUNNING:
            self._good = 0
            self._give_one_back()

    def _take_one(self) -> None:
        now = self._get()
        if now > 1:
            self._use(now - 1)
            self._taken += 1

    def _give_one_back(self) -> None:
        if self._taken:
            self._use(self._get() + 1)
            self._taken -= 1
