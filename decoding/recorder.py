"""What happened in one generation: counts and times, told by the loop and read by everyone else."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from decoding.types import Commit


@dataclass
class Recorder:
    """Collects what the loop reports.

    Attributes:
        commits: One a forward pass.
        seconds: Time by phase ("prefill", "forward", "walk", "analysis_wait"); a phase inside
            another is not counted in the outer one.
        prefilled: Prompt tokens fed.
        reused: Prompt tokens whose keys and values were still there.
        late_facts: How often facts arrived after their site.
        late_changes: How often that changed the text.
        backtracks: How often a line did not stand and was written again.
        clock: Seconds, monotonic.
    """

    commits: list[Commit] = field(default_factory=list)
    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    prefilled: int = 0
    reused: int = 0
    late_facts: int = 0
    late_changes: int = 0
    backtracks: int = 0
    clock: Callable[[], float] = time.perf_counter
    _inner: list[float] = field(default_factory=list)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Add the time spent inside, less that of phases within, to ``seconds[name]``."""
        self._inner.append(0.0)
        start = self.clock()
        try:
            yield
        finally:
            elapsed = self.clock() - start
            self.seconds[name] += elapsed - self._inner.pop()
            if self._inner:
                self._inner[-1] += elapsed

    def commit(self, commit: Commit) -> None:
        """Note what a forward pass settled."""
        self.commits.append(commit)

    @property
    def forward_passes(self) -> int:
        """Forward passes of the decode loop, prefill excluded."""
        return len(self.commits)

    def drafted(self) -> dict[str, int]:
        """Count drafted tokens by drafter."""
        return self._by_source(lambda commit: commit.drafted)

    def accepted(self) -> dict[str, int]:
        """Count accepted tokens by drafter."""
        return self._by_source(lambda commit: commit.accepted)

    def _by_source(self, count: Callable[[Commit], int]) -> dict[str, int]:
        totals: Counter[str] = Counter()
        for commit in self.commits:
            if commit.source:
                totals[commit.source] += count(commit)
        return dict(totals)
