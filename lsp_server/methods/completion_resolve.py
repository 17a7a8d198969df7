"""`completionItem/resolve`: how a name can be called, for the entry that the user looks at."""

from __future__ import annotations

from lsprotocol import types

from lsp_server.front import Front
from lsp_server.popup_items import described
from lsp_server.silence import failed

_METHOD = "resolve"


async def completion_resolve(ls: Front, params: types.CompletionItem) -> types.CompletionItem:
    """Add to an item what takes longer to find out; one whose place was left stays as it is.

    Raises:
        asyncio.CancelledError: The client cancelled; pygls replies -32800.
        JsonRpcException: -32803, once per cause.
    """
    match params.data:
        case [number, str(name)] if (known := ls.names.numbered(number)) is not None:
            try:
                return described(params, await known.description(name))
            except Exception as error:  # noqa: BLE001 -- the border to the engine: a failure costs one request
                failed(ls, _METHOD, error)
    return params
