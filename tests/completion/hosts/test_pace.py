"""Fewer threads while another program wants the cores."""

from __future__ import annotations

import pytest

from completion.hosts.pace import GOOD_RUNNING, SLOW_RUNNING, Pace


class Machine:
    """A number of threads."""

    def __init__(self, threads: int) -> None:
        self.threads = threads

    def pace(self) -> Pace:
        return Pace(lambda: self.threads, lambda number: setattr(self, "threads", number))


GOOD, SLOW, UNKNOWN = (1.9, 1.0), (2.1, 1.0), (9.0, None)


@pytest.mark.parametrize(
    ("threads", "steps", "left"),
    [
        (4, [SLOW] * (SLOW_RUNNING - 1), 4),
        (4, [SLOW] * SLOW_RUNNING, 3),
        (4, [SLOW, SLOW, GOOD, SLOW, SLOW], 4),
        (4, [UNKNOWN] * 10, 4),
        (4, [SLOW] * 2 * SLOW_RUNNING, 2),
        (2, [SLOW] * 9 * SLOW_RUNNING, 1),
        (4, [SLOW] * SLOW_RUNNING + [GOOD] * GOOD_RUNNING, 4),
        (4, [GOOD] * GOOD_RUNNING, 4),
    ],
)
def test_steps(threads: int, steps: list[tuple[float, float | None]], left: int) -> None:
    """Slow passes running cost a thread; many good ones bring it back, and no more than that."""
    machine = Machine(threads)
    pace = machine.pace()
    for seconds, expected in steps:
        pace.step(1, seconds, expected)
    assert machine.threads == left
