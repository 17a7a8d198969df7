"""`textDocument/completion`: the popup list, names in the model's order."""

from __future__ import annotations

from lsprotocol import types

from completion.types import Reason
from lsp_server.front import Front
from lsp_server.popup import NOT_YET, NOTHING, popup_at
from lsp_server.silence import failed, silent

_METHOD = "completion"


async def completion(ls: Front, params: types.CompletionParams) -> types.CompletionList:
    """List what may stand at a position, as far as it is known in time.

    Raises:
        asyncio.CancelledError: The client cancelled; pygls replies -32800.
        JsonRpcException: -32803, once per cause.
    """
    try:
        found = await popup_at(ls, params)
    except Exception as error:  # noqa: BLE001 -- the border to the engine: a failure costs one request
        found = failed(ls, _METHOD, error)
    if isinstance(found, types.CompletionList):
        ls.trace(f"{_METHOD}: {len(found.items)} items" + ", incomplete" * found.is_incomplete)
        return found
    silent(ls, _METHOD, found)
    return NOT_YET if found is Reason.MODEL_LOADING else NOTHING
