"""What the client was offered, by the ids that its items carry.

Clients keep nothing of an item but its text, range and command, so the id travels in the command's arguments.
It stays the same while the user types along: the same suggestion is still there.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from lsprotocol import types

from completion.types import CompletionRequest, CompletionResult
from lsp_server.answer_kinds import AnswerKind
from lsp_server.documents import TextDocument

ACCEPTED = "verifill.didAccept"

# More than a client can still have on its screen.
MOST_OFFERS = 64
MOST_RESULTS = 8


@dataclass(frozen=True)
class Offer:
    """A suggestion as it was last offered.

    Attributes:
        id: In the item's command.
        uri: The document.
        offset: Where in it the text goes.
        head: What the item repeats of the line before ``offset``.
        text: What is inserted behind that.
    """

    id: str
    uri: str
    offset: int
    head: str
    text: str

    def accepted(self, length: int) -> str:
        """Return what of ``text`` the first ``length`` UTF-16 units of the item's text hold."""
        units = (self.head + self.text).encode("utf-16-le", "surrogatepass")[: 2 * length]
        return units.decode("utf-16-le", "ignore")[len(self.head) :]


class Observer(Protocol):
    """Who is told what becomes of offers."""

    def shown(self, offer: Offer) -> None:
        """Note that the user sees it."""

    def accepted(self, offer: Offer, text: str) -> None:
        """Note that the user took ``text`` of it, all or its beginning, since the last note of this kind."""

    def edited(self, document: TextDocument, changes: Sequence[types.TextDocumentContentChangeEvent]) -> None:
        """Note changes that are made to this version of a document."""

    def closed(self, uri: str) -> None:
        """Note that a document is no longer open."""


class Unobserved:
    """An ``Observer`` who does not care."""

    def shown(self, offer: Offer) -> None:
        """Do nothing."""

    def accepted(self, offer: Offer, text: str) -> None:
        """Do nothing."""

    def edited(self, document: TextDocument, changes: Sequence[types.TextDocumentContentChangeEvent]) -> None:
        """Do nothing."""

    def closed(self, uri: str) -> None:
        """Do nothing."""


@dataclass(frozen=True)
class Answered:
    """An answer of the model to a request, and how it was given to the client last; None if it has no text."""

    kind: AnswerKind | None
    request: CompletionRequest
    result: CompletionResult


class Offers:
    """The newest offers, and the model's answers that they come from."""

    def __init__(self) -> None:
        """Start with none."""
        self._offers: OrderedDict[str, Offer] = OrderedDict()
        self._results: OrderedDict[int, tuple[CompletionRequest, CompletionResult]] = OrderedDict()
        self.last: Answered | None = None

    def written(self, number: int, request: CompletionRequest, result: CompletionResult) -> None:
        """Keep an answer of the model."""
        self._results[number] = request, result
        while len(self._results) > MOST_RESULTS:
            self._results.popitem(last=False)

    def withheld(self, request: CompletionRequest, result: CompletionResult) -> None:
        """Keep an answer of the model without a text."""
        self.last = Answered(None, request, result)

    def offered(self, kind: AnswerKind, number: int, offers: Sequence[Offer]) -> None:
        """Keep what a client is given of an answer of the model."""
        for offer in offers:
            self._offers[offer.id] = offer
            self._offers.move_to_end(offer.id)
        while len(self._offers) > MOST_OFFERS:
            self._offers.popitem(last=False)
        if (answer := self._results.get(number)) is not None:
            self.last = Answered(kind, *answer)

    def get(self, offer_id: object) -> Offer | None:
        """Return an offer; None for what is no id, or none any more."""
        return self._offers.get(offer_id) if isinstance(offer_id, str) else None

    def of_item(self, params: object) -> Offer | None:
        """Return the offer of a notification's ``item``, whatever the client made of it."""
        command = getattr(getattr(params, "item", None), "command", None)
        arguments = getattr(command, "arguments", None)
        return self.get(arguments[0]) if isinstance(arguments, list) and arguments else None


def command_of(offer: Offer) -> types.Command:
    """Return the command that clients run when the user has accepted an item."""
    return types.Command("Verifill: accepted", ACCEPTED, arguments=[offer.id])
