"""What happened in one generation: counts and times, told by the loop and read by everyone else."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from decoding.types import Commit


class Span(NamedTuple):
    """A phase, or a forward pass, and when it was; in seconds by the recorder's clock."""

    name: str
    start: float
    seconds: float


class Revision(NamedTuple):
    """What stood from a token on before a late fact changed it."""

    position: int
    tokens: tuple[int, ...]


@dataclass
class Recorder:
    """Collects what the loop reports.

    Attributes:
        commits: One a forward pass.
        seconds: Time by phase ("prefill", "draft", "forward", "walk", "analysis_wait"); a phase inside
            another is not counted in the outer one.
        prefilled: Prompt tokens fed.
        reused: Prompt tokens whose keys and values were still there.
        late_facts: How often facts arrived after their site.
        late_changes: How often that changed the text.
        backtracks: How often a line did not stand and was written again.
        dropped: Drafters that misbehaved and were asked no more.
        spans: What happened when, inner phases before outer ones; None where nobody wants to know.
        revisions: What late facts changed, where somebody wants to know.
        clock: Seconds, monotonic.
    """

    commits: list[Commit] = field(default_factory=list)
    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    prefilled: int = 0
    reused: int = 0
    late_facts: int = 0
    late_changes: int = 0
    backtracks: int = 0
    dropped: list[str] = field(default_factory=list)
    spans: list[Span] | None = None
    revisions: list[Revision] = field(default_factory=list)
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
            self._note(name, start, elapsed)

    def forward(self, seconds: float) -> None:
        """Add a forward pass of the loop that has just been done."""
        self.seconds["forward"] += seconds
        self._note("forward", self.clock() - seconds, seconds)

    def commit(self, commit: Commit) -> None:
        """Note what a forward pass settled."""
        self.commits.append(commit)

    def revise(self, position: int, tokens: tuple[int, ...]) -> None:
        """Note that a late fact changes the text from a token on, where ``tokens`` stood."""
        self.late_changes += 1
        if self.spans is not None:
            self.revisions.append(Revision(position, tokens))

    def drop(self, drafter: str) -> None:
        """Note that a drafter is asked no more."""
        self.dropped.append(drafter)

    @property
    def forward_passes(self) -> int:
        """Forward passes of the decode loop, prefill excluded."""
        return len(self.commits)

    def drafted(self) -> dict[str, int]:
        """Count drafted tokens by drafter."""
        return dict(Counter(name for commit in self.commits for name in commit.guessed))

    def accepted(self) -> dict[str, int]:
        """Count accepted tokens by drafter; one that drafted counts, too, when none were."""
        right = Counter(name for commit in self.commits for name in commit.right)
        return {name: right[name] for name in self.drafted()}

    def _note(self, name: str, start: float, seconds: float) -> None:
        if self.spans is not None:
            self.spans.append(Span(name, start, seconds))
