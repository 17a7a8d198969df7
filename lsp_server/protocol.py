"""The router: from bytes to handlers, and back.

Exactly one reply per request.  Every frame enters through ``Router.receive``.  A request that
cannot be served is refused there, once, before any handler knows of it; a request that is handed
to pygls is replied to when its handler's future is done: with the result, with the error, or,
cancelled, with -32800, and a future is done only once.  When the client leaves, what is still
open is cancelled, and so replied to, before the streams close.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from cattrs import Converter
from lsprotocol import types
from pygls.exceptions import (
    JsonRpcException,
    JsonRpcInvalidRequest,
    JsonRpcParseError,
    JsonRpcServerNotInitialized,
)
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol

from lsp_server.framing import Malformed

# pygls has handlers of its own for these, which keep a second, wrong copy of every document, and
# for `exit` one that ends the process with the wrong code.
_OURS = (
    types.TEXT_DOCUMENT_DID_OPEN,
    types.TEXT_DOCUMENT_DID_CHANGE,
    types.TEXT_DOCUMENT_DID_CLOSE,
    types.NOTEBOOK_DOCUMENT_DID_OPEN,
    types.NOTEBOOK_DOCUMENT_DID_CHANGE,
    types.NOTEBOOK_DOCUMENT_DID_CLOSE,
    types.EXIT,
)


class Router(LanguageServerProtocol):
    """pygls' protocol behind a strict door."""

    def __init__(self, server: LanguageServer, converter: Converter) -> None:
        """Make the protocol of one client."""
        super().__init__(server, converter)
        for method in _OURS:
            self.fm.builtin_features.pop(method)

    @property
    def shut_down(self) -> bool:
        """Whether the client has sent `shutdown`."""
        return self._shutdown

    def receive(self, frame: bytes | Malformed) -> None:
        """Take one frame from the client; never raises for what the client sent."""
        if isinstance(frame, Malformed):
            self._refuse(None, JsonRpcParseError(frame.cause))
            return
        try:
            message = json.loads(frame)
        except (ValueError, RecursionError):
            self._refuse(None, JsonRpcParseError("the body is not JSON"))
            return
        if not isinstance(message, dict) or message.get("jsonrpc") != self.VERSION:
            self._refuse(None, JsonRpcInvalidRequest("not a JSON-RPC 2.0 message"))
        elif "method" not in message:
            # A response, and this server sends no requests.
            return
        elif "id" in message:
            self._receive_request(message)
        else:
            self._receive_notification(message)

    async def settle(self) -> None:
        """Cancel the requests that are still open and wait for their replies to be sent."""
        futures: list[Any] = list(self._request_futures.values())
        running = [future for future in futures if isinstance(future, asyncio.Future)]
        for future in running:
            future.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _receive_request(self, message: dict[str, Any]) -> None:
        number, method = message["id"], message["method"]
        if isinstance(number, bool) or not isinstance(number, str | int):
            self._refuse(None, JsonRpcInvalidRequest("the id is neither a string nor an integer"))
            return
        try:
            self._check_order(method)
            self._get_handler(method)
            request = self.structure_message(message)
        except JsonRpcException as error:
            self._refuse(number, error)
            return
        self.handle_message(request)

    def _receive_notification(self, message: dict[str, Any]) -> None:
        """Hand a notification on, or drop it: there is no reply to say why in."""
        method = message["method"]
        try:
            if method != types.EXIT:
                self._check_order(method)
            if method != types.CANCEL_REQUEST:
                self._get_handler(method)
            notification = self.structure_message(message)
        except JsonRpcException:
            return
        self.handle_message(notification)

    def _check_order(self, method: Any) -> None:
        """Raise unless a message may come now (LSP 3.18, "Server lifecycle")."""
        if not isinstance(method, str):
            raise JsonRpcInvalidRequest("the method is not a string")
        started = self._workspace is not None
        if self._shutdown:
            raise JsonRpcInvalidRequest("the server has been shut down")
        if method == types.INITIALIZE and started:
            raise JsonRpcInvalidRequest("the server has been initialized already")
        if method != types.INITIALIZE and not started:
            raise JsonRpcServerNotInitialized("the first request must be initialize")

    def _handle_cancel_notification(self, msg_id: str | int) -> None:
        """Cancel a request; one that has been replied to meanwhile is none of pygls' warnings."""
        if msg_id in self._request_futures:
            super()._handle_cancel_notification(msg_id)

    def _refuse(self, number: str | int | None, error: JsonRpcException) -> None:
        """Reply with an error; ``number`` is None where the request's id cannot be known."""
        body = {"jsonrpc": self.VERSION, "id": number, "error": {"code": error.code, "message": error.message}}
        self._send_data(body)
