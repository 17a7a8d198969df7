"""`textDocument/inlineCompletion`: ghost text at the cursor (LSP 3.18)."""

from __future__ import annotations

import time

from lsprotocol import types

from lsp_server.ahead import expect_acceptance
from lsp_server.answers import Answer, answer
from lsp_server.front import Front
from lsp_server.items import offers_of, to_item
from lsp_server.reasons import AnyReason
from lsp_server.silence import failed, silent
from lsp_server.snapshot import Snapshot, prepare
from lsp_server.status import Status
from lsp_server.warming import stop_expecting

_METHOD = "inlineCompletion"


async def inline_completion(ls: Front, params: types.InlineCompletionParams) -> types.InlineCompletionList | None:
    """Complete at a position.

    Returns:
        The items, or None with the reason in the status bar.

    Raises:
        asyncio.CancelledError: The client cancelled; pygls replies -32800.
        JsonRpcException: -32803, once per cause.
    """
    began = time.perf_counter()
    stop_expecting(ls)
    found: types.InlineCompletionList | AnyReason
    try:
        found = await _found(ls, params, began)
    except Exception as error:  # noqa: BLE001 -- the border to the engine: a failure costs one request
        found = failed(ls, _METHOD, error)
    if isinstance(found, types.InlineCompletionList):
        return found
    silent(ls, _METHOD, found)
    return None


async def _found(
    ls: Front, params: types.InlineCompletionParams, began: float
) -> types.InlineCompletionList | AnyReason:
    snapshot = prepare(ls, params)
    if not isinstance(snapshot, Snapshot):
        return snapshot
    ls.cursors[snapshot.document.uri] = snapshot.request.offset
    found = await answer(ls, snapshot)
    return _offered(ls, snapshot, found, began) if isinstance(found, Answer) else found


def _offered(ls: Front, snapshot: Snapshot, found: Answer, began: float) -> types.InlineCompletionList:
    """Give an answer to the client, show what was checked, and prepare for its being accepted."""
    offers = offers_of(snapshot, found.suggestion)
    ls.counts.answers[found.kind] += 1
    ls.offers.offered(found.kind, found.suggestion.number, offers)
    ls.status.show(Status(message=found.suggestion.certificate or ""))
    ls.trace(f"{_METHOD}: {found.kind.value}, {len(offers[0].text)} characters", _details(ls, found, began))
    expect_acceptance(ls, snapshot, found.suggestion)
    return types.InlineCompletionList([to_item(snapshot, offer) for offer in offers])


def _details(ls: Front, found: Answer, began: float) -> dict[str, object]:
    """Return what a verbose trace says of an answer; ``timings_ms`` are those of the engine, if it was asked."""
    taken = round(1000 * (time.perf_counter() - began), 2)
    details: dict[str, object] = {"answer": found.kind.value, "server_ms": taken, **ls.counts.as_dict()}
    if found.kind.asks_engine and ls.offers.last is not None:
        result = ls.offers.last.result
        details |= {"timings_ms": result.timings_ms, "counters": result.counters}
    return details
