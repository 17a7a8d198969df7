"""What is known of places, in this process: what is kept, what is left, what goes wrong unseen."""

from __future__ import annotations

import asyncio
import gc
import math
from typing import Any

import pytest

from completion.types import CancelToken, CompletionRequest, Document, Listing
from lsp_server.names import NamePlaces, NamesAt, fits, is_clear
from lsp_server.ongoing import Ongoing
from lsp_server.suggestions import place_of

PLENTY = math.inf


class Kitchen:
    """A service that answers, or fails, as told.

    Attributes:
        lists: How often it has listed.
        error: What it raises, or None.
    """

    def __init__(self) -> None:
        """Answer."""
        self.lists = 0
        self.error: Exception | None = None

    async def names(self, request: CompletionRequest, cancel: CancelToken) -> Listing:
        """List two names."""
        self.lists += 1
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error
        return Listing(("a", "b"), 2, 0, "attributes", "here")

    async def likelihoods(self, request: CompletionRequest, names: tuple[str, ...], cancel: CancelToken) -> Any:
        """Weigh none: memory does not suffice."""
        return ()


def request(text: str) -> CompletionRequest:
    return CompletionRequest(Document("/a.py", text), len(text), "/")


def at(places: NamePlaces, service: Any, uri: str, text: str = "x.") -> NamesAt:
    """Return what is known of the end of a text."""
    return places.at(uri, place_of(request(text), 0), service, request(text))


def test_one_place_of_each_document_is_kept() -> None:
    """Until another one is asked about, the document is closed, the service is another, or there are too many."""
    places, service = NamePlaces(Ongoing(), most=2), Kitchen()
    first = at(places, service, "a")
    assert at(places, service, "a") is first and places.numbered(first.number) is first
    second = at(places, service, "a", "y.")
    assert first.left and not second.left and places.numbered(first.number) is None
    assert at(places, Kitchen(), "a", "y.") is not second and second.left
    third = at(places, service, "a")
    at(places, service, "b")
    at(places, service, "a")
    fourth = at(places, service, "c")
    assert not third.left and places.numbered(third.number) is third
    places.leave("c")
    places.leave("c")
    assert fourth.left


def test_unweighed_names_are_not_asked_for_again_and_again() -> None:
    """Where there are no weights to be had, the names come without."""

    async def session() -> None:
        service = Kitchen()
        known = at(NamePlaces(Ongoing()), service, "a")
        await known.learn("", PLENTY)
        assert known.choice("").names == ("a", "b") and not known.choice("").complete
        await known.learn("", PLENTY)
        assert service.lists == 1

    asyncio.run(asyncio.wait_for(session(), 60))


def test_an_error_is_for_who_waits_and_the_next_one_tries_again(caplog: pytest.LogCaptureFixture) -> None:
    """When nobody waits any more it goes unnoticed: its text may quote the document."""

    async def session() -> None:
        service = Kitchen()
        service.error = RuntimeError("quote")
        known = at(NamePlaces(Ongoing()), service, "a")
        with pytest.raises(RuntimeError):
            await known.learn("", PLENTY)
        await known.learn("", asyncio.get_running_loop().time() + 1e-9)
        for _ in range(5):
            await asyncio.sleep(0)
        service.error = None
        while known.listing.late:
            try:
                await known.learn("", PLENTY)
            except RuntimeError:
                continue
        assert known.choice("").names == ("a", "b")

    asyncio.run(asyncio.wait_for(session(), 60))
    gc.collect()
    assert not caplog.records


@pytest.mark.parametrize(
    ("name", "beginning", "fitting"),
    [
        ("Ant", "", True),
        ("Ant", "an", True),
        ("Ant", "An", True),
        ("ant", "An", False),
        ("_ant", "_", True),
        ("ant", "nt", False),
    ],
)
def test_beginnings(name: str, beginning: str, fitting: bool) -> None:
    """As most editors have it: capitals are only wanted where they are typed."""
    assert fits(name, beginning) == fitting


def test_a_clear_first() -> None:
    """More than all others together."""
    assert is_clear([-1.0]) and is_clear([math.log(0.6), math.log(0.3), math.log(0.1)])
    assert not is_clear([]) and not is_clear([math.log(0.4), math.log(0.3), math.log(0.3)])
