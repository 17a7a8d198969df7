"""The names that a popup shows at one place: asked for once, and good for every beginning that is typed there.

The place is where a name begins.  What the analysis lists there and what the model makes of it is learnt in the
background and kept until the user goes elsewhere: a reply takes what is known in time, and the next one finds more.
"""

from __future__ import annotations

import asyncio
import itertools
import math
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from completion.loading import Service
from completion.types import CancelToken, CompletionRequest, Listing
from lsp_server.ongoing import Ongoing
from lsp_server.suggestions import Place

# Names that the model is asked about at once, of those that begin as typed.
MOST_ASKED = 512

# A service waits for the analysis for a moment; after so many of them nobody waits for the names any more.
MOST_TIMES = 10

# Documents whose last place is kept.
MOST_DOCUMENTS = 8

# With so many weighed names a popup is full: for the sake of others the model is not asked again.
ENOUGH = 10

# A name with more than this share of what all weighed ones have is the one that is meant.
CLEAR_SHARE = 0.5


@dataclass(frozen=True)
class Choice:
    """Names for a beginning, best first.

    Attributes:
        names: Needed ones, the weighed ones by their probability, then the others as they are listed.  Hidden ones
            (``__hash__``) come last; they are weighed where there are no others.
        clear: The first is likelier than all others together, or the only one that is needed.
        complete: All are there, and weighed if they can be: more typing only leaves some out.
    """

    names: tuple[str, ...]
    clear: bool
    complete: bool


class NamesAt:
    """What is known of one place."""

    def __init__(
        self, number: int, place: Place, service: Service, request: CompletionRequest, ongoing: Ongoing
    ) -> None:
        """Know nothing yet.

        Args:
            number: Of this place, for clients to name it by.
            place: Where.
            service: Is asked.
            request: Its cursor stands where the name begins.
            ongoing: Where asking goes on when a reply has been given.
        """
        self.number = number
        self.place = place
        self.service = service
        self.request = request
        self.listing = Listing(late=True)
        self._weights: dict[str, float | None] = {}
        self._weighed_for: set[str] = set()
        self._ongoing = ongoing
        self._cancel = CancelToken()
        self._work: asyncio.Task[None] | None = None

    @property
    def left(self) -> bool:
        """Whether the user has gone elsewhere."""
        return self._cancel.cancelled

    def leave(self) -> None:
        """Have the service stop: the user has gone elsewhere."""
        self._cancel.cancel()

    async def learn(self, beginning: str, until: float) -> None:
        """Wait until everything is known for a beginning, or it is too late.

        Args:
            beginning: What is typed of the name.
            until: A moment of the event loop's clock; what has begun goes on behind it.

        Raises:
            asyncio.CancelledError: The client gave the request up; what has begun goes on.
            Exception: Whatever the service raised.
        """
        clock = asyncio.get_running_loop().time
        while self._lacks(beginning) and (left := until - clock()) > 0:
            work = self._work = self._work or self._ongoing.begin(self._learn(beginning))
            await asyncio.wait({work}, timeout=left)
            if work.done():
                self._work = None if self._work is work else self._work
                work.result()

    async def description(self, name: str) -> str:
        """Return how a name can be called, a line for each way; "" if that is unknown.

        Raises:
            Exception: Whatever the service raised.
        """
        return await self.service.description(self.request, name, CancelToken())

    def is_at_name(self, beginning: str) -> bool:
        """Whether names are what may be wanted; one in scope could stand nearly anywhere, so it has to be begun."""
        return bool(beginning) or self.listing.kind != "names"

    def choice(self, beginning: str) -> Choice:
        """Return the names for a beginning, as far as they are known."""
        needed, meant, hidden = self._fitting(beginning)
        weighed = [(weight, name) for name in meant if (weight := self._weights.get(name)) is not None]
        weighed.sort(key=lambda pair: -pair[0])
        others = [name for name in meant if self._weights.get(name) is None]
        names = (*needed, *(name for _, name in weighed), *others, *hidden)
        clear = len(needed) == 1 if needed else is_clear([weight for weight, _ in weighed])
        return Choice(names, clear, not self.listing.late and not others)

    def _lacks(self, beginning: str) -> bool:
        """Whether the service can tell more about the names for a beginning."""
        return self.listing.late or bool(self._unweighed(beginning))

    def _fitting(self, beginning: str) -> tuple[list[str], list[str], list[str]]:
        """Return the names for a beginning: needed ones, those to be weighed, hidden ones where there are others."""
        names, needed, plain = self.listing.names, self.listing.needed, self.listing.plain
        parts = (names[:needed], names[needed:plain], names[plain:])
        first, meant, hidden = ([name for name in part if fits(name, beginning)] for part in parts)
        return (first, meant, hidden) if first or meant else ([], hidden, [])

    def _unweighed(self, beginning: str) -> Sequence[str]:
        """Return the names to be weighed for a beginning: those that have no weight, if too few have one."""
        needed, meant, _ = self._fitting(beginning)
        others = [name for name in meant if self._weights.get(name) is None]
        enough = beginning in self._weighed_for or len(needed) + len(meant) - len(others) >= ENOUGH
        return others[:MOST_ASKED] if self.is_at_name(beginning) and not enough else ()

    async def _learn(self, beginning: str) -> None:
        for _ in range(MOST_TIMES):
            if self.listing.late and not self.left:
                self.listing = await self.service.names(self.request, self._cancel)
        if names := tuple(self._unweighed(beginning)):
            weights = await self.service.likelihoods(self.request, names, self._cancel)
            self._weights.update(zip(names, weights, strict=False))
            self._weighed_for.add(beginning)


class NamePlaces:
    """The place of each document where a popup was shown last."""

    def __init__(self, ongoing: Ongoing, most: int = MOST_DOCUMENTS) -> None:
        """Keep those of so many documents, the ones seen last; asking goes on in ``ongoing``."""
        self._ongoing = ongoing
        self._most = most
        self._numbers = itertools.count(1)
        self._places: OrderedDict[str, NamesAt] = OrderedDict()

    def at(self, uri: str, place: Place, service: Service, request: CompletionRequest) -> NamesAt:
        """Return what is known of a place of a document; for the others see ``NamesAt``."""
        known = self._places.get(uri)
        if known is None or known.place != place or known.service is not service:
            self.leave(uri)
            known = self._places[uri] = NamesAt(next(self._numbers), place, service, request, self._ongoing)
        self._places.move_to_end(uri)
        if len(self._places) > self._most:
            self.leave(next(iter(self._places)))
        return known

    def numbered(self, number: object) -> NamesAt | None:
        """Return the place of that number; None for what is no number, or of a place that was left."""
        return next((known for known in self._places.values() if known.number == number), None)

    def leave(self, uri: str) -> None:
        """Forget the place of a document, if there is one."""
        if known := self._places.pop(uri, None):
            known.leave()


def fits(name: str, beginning: str) -> bool:
    """Whether a name is offered for a beginning: small letters stand for capitals, too.

    >>> fits("HTTPError", "http"), fits("http", "HT")
    (True, False)
    """
    return (name.lower() if beginning.islower() else name).startswith(beginning)


def is_clear(weights: Sequence[float]) -> bool:
    """Whether the first log-probability of several, which descend, stands for more than all others together."""
    return bool(weights) and math.fsum(math.exp(weight - weights[0]) for weight in weights) < 1 / CLEAR_SHARE
