"""Looking for context: all places at once, and none waited for longer than the request can bear."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from analysis.store import FactStore
from completion.context.definitions import Definitions
from completion.context.similar import SimilarCode
from completion.context.sources import DEFINITIONS, WORKSPACE, sources_of
from completion.layout import Layout
from completion.types import CompletionRequest, Snippet, Trigger
from decoding.types import Steps

# Who types waits for the text; a program, and reading ahead, for the context.
PATIENCE_LIVE_S = 0.05
PATIENCE_S = 2.0

LOOK_AGAIN_S = 0.002


class Look(Protocol):
    """One source, asked for one request."""

    def pending(self) -> bool:
        """Whether an answer is on its way."""

    def complete(self) -> bool:
        """Whether it has been answered."""

    def snippets(self) -> tuple[Snippet, ...]:
        """Return what is known by now, the least relevant first; what is out of date rather than nothing."""


class Source(Protocol):
    """A place where context is looked for."""

    def look(self, request: CompletionRequest, layout: Layout) -> Look:
        """Ask; returns at once."""

    def ahead(self, request: CompletionRequest, layout: Layout) -> None:
        """Have answers ready for the next requests like this one; returns at once."""

    def close(self) -> None:
        """Let go of threads and processes."""


@dataclass(frozen=True)
class Gathered:
    """What was found.

    Attributes:
        snippets: What changes least first; of one source the least relevant first.
        late: Sources that had not answered in time.
    """

    snippets: tuple[Snippet, ...] = ()
    late: int = 0


class Surroundings:
    """Looks for context for the requests of one service; for one thread, except ``close``."""

    def __init__(self, facts: FactStore, index_workspaces: bool) -> None:
        """Look nowhere yet.

        Args:
            facts: The analysis.
            index_workspaces: Whether files that are not open may be read.
        """
        self._sources: dict[str, Source] = {WORKSPACE: SimilarCode()} if index_workspaces else {}
        self._sources[DEFINITIONS] = Definitions(facts)

    def gathering(self, request: CompletionRequest, layout: Layout, stopped: Callable[[], bool]) -> Steps[Gathered]:
        """Look for context as long as the request can bear.

        Args:
            request: What is wanted.
            layout: The cursor's surroundings.
            stopped: Whether nobody wants it any more.

        Raises:
            ValueError: The request names a source that there is none of.
        """
        looks = [source.look(request, layout) for source in self._wanted(request)]
        deadline = time.monotonic() + patience_for(request)
        while any(look.pending() for look in looks) and time.monotonic() < deadline and not stopped():
            yield LOOK_AGAIN_S
        snippets = dict.fromkeys(snippet for look in looks for snippet in look.snippets())
        return Gathered(tuple(snippets), sum(not look.complete() for look in looks))

    def ahead(self, request: CompletionRequest, layout: Layout) -> None:
        """Have the context of the next requests ready."""
        for source in self._wanted(request):
            source.ahead(request, layout)

    def close(self) -> None:
        """End the workers."""
        for source in self._sources.values():
            source.close()

    def _wanted(self, request: CompletionRequest) -> list[Source]:
        """Return where is looked; nowhere for a request whose facts are on record, which has no others."""
        names = sources_of(request)
        if request.record_facts or request.facts not in ("wait", "live"):
            return []
        return [source for name, source in self._sources.items() if name in names]


def patience_for(request: CompletionRequest) -> float:
    """Return how long a request can wait for its context, seconds."""
    typing = request.facts == "live" and request.trigger is not Trigger.WARM_UP
    return PATIENCE_LIVE_S if typing else PATIENCE_S
