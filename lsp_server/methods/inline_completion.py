"""`textDocument/inlineCompletion`: ghost text at the cursor (LSP 3.18)."""

from __future__ import annotations

import traceback
from functools import partial

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from completion.hosts.errors import for_users
from completion.types import CompletionResult, Reason
from lsp_server.front import Front
from lsp_server.items import to_items
from lsp_server.reasons import AnyReason, FrontReason, status_of
from lsp_server.snapshot import Snapshot, prepare
from lsp_server.status import Status
from lsp_server.warming import stop_expecting


async def inline_completion(ls: Front, params: types.InlineCompletionParams) -> types.InlineCompletionList | None:
    """Complete at a position.

    Returns:
        The items, or None with the reason in the status bar.

    Raises:
        asyncio.CancelledError: The client cancelled; pygls replies -32800.
        JsonRpcException: -32803, once per cause.
    """
    stop_expecting(ls)
    answer = await _answer(ls, params)
    if isinstance(answer, types.InlineCompletionList):
        return answer
    ls.status.show(status_of(answer))
    ls.trace(f"inlineCompletion: {answer.value}")
    return None


async def _answer(ls: Front, params: types.InlineCompletionParams) -> types.InlineCompletionList | AnyReason:
    """Return the items, or why there are none."""
    snapshot = prepare(ls, params)
    if not isinstance(snapshot, Snapshot):
        return snapshot
    try:
        outcome = await ls.flights.run(snapshot.document.uri, partial(snapshot.service.complete, snapshot.request))
    except Exception as error:  # noqa: BLE001 -- the border to the engine: a failure costs one request
        return _failed(ls, error)
    if isinstance(outcome, Reason):
        return outcome
    items = to_items(snapshot, outcome)
    if not items:
        return outcome.reason or Reason.EMPTY
    _announce(ls, outcome)
    return types.InlineCompletionList(items)


def _announce(ls: Front, result: CompletionResult) -> None:
    """Show what was checked."""
    ls.status.show(Status(message=result.certificate or ""))
    details = {"timings_ms": result.timings_ms, "counters": result.counters}
    ls.trace(f"inlineCompletion: {len(result.text)} characters", details)


def _failed(ls: Front, error: Exception) -> FrontReason:
    """Raise for the first failure of a kind; the next ones are silent, as clients open a popup for each.

    An error's own text is left out unless it was written for users, because it may quote the document.
    """
    frame = traceback.extract_tb(error.__traceback__)[-1]
    cause = for_users(error) or f"{type(error).__name__} in {frame.name}, line {frame.lineno}"
    if not ls.is_news(cause):
        return FrontReason.FAILED
    ls.status.show(status_of(FrontReason.FAILED))
    raise JsonRpcException(f"Verifill: completing failed: {cause}", types.LSPErrorCodes.RequestFailed.value) from error
