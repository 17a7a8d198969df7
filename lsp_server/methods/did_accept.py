"""The command `verifill.didAccept`: run by the client when the user has accepted an item."""

from __future__ import annotations

from lsp_server.front import Front


def did_accept(ls: Front, offer_id: str) -> None:
    """Note it; an offer that is long gone is none."""
    if (offer := ls.offers.get(offer_id)) is not None:
        ls.counts.accepted += 1
        ls.observer.accepted(offer, offer.text)
