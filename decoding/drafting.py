"""A drafter that misbehaves is asked no more.

Whatever a drafter does, the text is the same: what it proposes is verified, and one that raises, proposes
ids that do not exist or no tree, or takes too long is dropped for the rest of the generation, and counted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from decoding.types import Draft, Drafter, Prompt, Tip

# A proposal takes some ten microseconds.  One that takes this long, so often, is not the machine's fault.
DEADLINE_S = 0.1
MOST_LATE = 3

_NONSENSE = Draft((-1,))


@dataclass
class Guarded:
    """A drafter that can do no harm.

    Attributes:
        drafter: The one that is asked.
        vocabulary_size: Ids are below it.
        dropped: Told its name, when it is dropped.
        clock: Seconds, monotonic.
        name: The drafter's.
    """

    drafter: Drafter
    vocabulary_size: int
    dropped: Callable[[str], None]
    clock: Callable[[], float] = time.perf_counter
    _late: int = 0
    name: str = field(init=False)
    _out: bool = False

    def __post_init__(self) -> None:
        """Take over its name."""
        self.name = self.drafter.name

    def begin(self, prompt: Prompt) -> None:
        """Let it get ready."""
        self._do(lambda: self.drafter.begin(prompt))

    def propose(self, tip: Tip, budget: int) -> Draft:
        """Return at most ``budget`` tokens that exist; none once it has been dropped."""
        if self._out:
            return Draft()
        start = self.clock()
        try:
            draft = self.drafter.propose(tip, budget)
        except Exception:  # noqa: BLE001 -- as in _do
            draft = _NONSENSE
        self._late += self.clock() - start > DEADLINE_S
        if self._late >= MOST_LATE or not self._makes_sense(draft):
            self._drop()
            return Draft()
        if len(draft.tokens) > budget:
            return replace(draft, tokens=draft.tokens[:budget], parents=draft.parents[:budget])
        return draft

    def observe(self, tokens: tuple[int, ...]) -> None:
        """Let it learn."""
        self._do(lambda: self.drafter.observe(tokens))

    def rewind(self, count: int) -> None:
        """Let it forget."""
        self._do(lambda: self.drafter.rewind(count))

    def _makes_sense(self, draft: Draft) -> bool:
        if draft.tokens and not (min(draft.tokens) >= 0 and max(draft.tokens) < self.vocabulary_size):
            return False
        is_tree = all(-1 <= parent < index for index, parent in enumerate(draft.parents))
        return is_tree and len(draft.parents) in (0, len(draft.tokens))

    def _do(self, work: Callable[[], None]) -> None:
        if self._out:
            return
        try:
            work()
        except Exception:  # noqa: BLE001 -- a drafter's border: whatever it raises costs a guess, never a text
            self._drop()

    def _drop(self) -> None:
        if not self._out:
            self._out = True
            self.dropped(self.name)


def guarded(drafters: Sequence[Drafter], vocabulary_size: int, dropped: Callable[[str], None]) -> tuple[Drafter, ...]:
    """Return drafters that can do no harm."""
    return tuple(Guarded(drafter, vocabulary_size, dropped) for drafter in drafters)
