"""How the last completions came about, until somebody wants to know: nothing is put together before."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from completion.tracing import History
from completion.types import CompletionRequest

MOST: Final = 8
MOST_BYTES: Final = 64 * 2**20


class Histories:
    """The histories of the last requests that wanted to be remembered; for one thread."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        """Hold at most ``MOST`` and so many bytes."""
        self._most_bytes = most_bytes
        self._kept: OrderedDict[CompletionRequest, History] = OrderedDict()

    def keep(self, request: CompletionRequest, history: History) -> None:
        """Keep one, and drop the oldest ones that there is no room for."""
        self._kept[request] = history
        self._kept.move_to_end(request)
        while len(self._kept) > MOST or sum(kept.size for kept in self._kept.values()) > self._most_bytes:
            self._kept.popitem(last=False)

    def of(self, request: CompletionRequest) -> History | None:
        """Return the history of a request, None if it is gone."""
        return self._kept.get(request)

    def clear(self) -> None:
        """Drop all."""
        self._kept.clear()
