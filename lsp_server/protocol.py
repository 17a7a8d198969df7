"""The router: from bytes to handlers, and back.

Exactly one reply per request.  Every frame enters through ``Router.receive``.  A request that
cannot be served is refused there, once, before any handler knows of it; a request that is handed
to pygls is replied to when its handler's future is done: with the result, with the error, or,
cancelled, with -32800, and a future is done only once.  When the client leaves, what is still
open is cancelled, and so replied to, before the streams close.

Requests of ours to the client (pygls' ``workspace_configuration_async`` and the like) end with its
response, with its error, or after ``PATIENCE_S`` without either.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable
from concurrent.futures import Future
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

# pygls has handlers of its own for these, which keep a second, wrong copy of every document, lose a
# workspace folder that is both removed and added (a new name), and end the process with the wrong code.
_OURS = (
    types.TEXT_DOCUMENT_DID_OPEN,
    types.TEXT_DOCUMENT_DID_CHANGE,
    types.TEXT_DOCUMENT_DID_CLOSE,
    types.NOTEBOOK_DOCUMENT_DID_OPEN,
    types.NOTEBOOK_DOCUMENT_DID_CHANGE,
    types.NOTEBOOK_DOCUMENT_DID_CLOSE,
    types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS,
    types.EXIT,
)


# Seconds a client has for a response: what is asked, it answers by itself.  Some name a capability and never do.
PATIENCE_S = 10.0


class Router(LanguageServerProtocol):
    """pygls' protocol behind a strict door."""

    def __init__(self, server: LanguageServer, converter: Converter) -> None:
        """Make the protocol of one client."""
        super().__init__(server, converter)
        for method in _OURS:
            self.fm.builtin_features.pop(method)
        self._numbers = itertools.count(1)
        # Beside pygls' table, which holds the client's requests too: each side counts ids for itself.
        self._asked: dict[str | int, Future[Any]] = {}

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
            self._receive_response(message)
        elif "id" in message:
            self._receive_request(message)
        else:
            self._receive_notification(message)

    def send_request(
        self,
        method: str,
        params: Any | None = None,
        callback: Callable[[Any], None] | None = None,
        msg_id: str | int | None = None,
    ) -> Future[Any]:
        """Ask the client; the future fails with TimeoutError if it never answers."""
        number = msg_id or f"verifill-{next(self._numbers)}"
        future = super().send_request(method, params, callback, number)
        del self._request_futures[number]
        self._asked[number] = future
        late = asyncio.get_running_loop().call_later(PATIENCE_S, self._give_up, number, method)

        def forget(_: Future[Any]) -> None:
            late.cancel()
            self._asked.pop(number, None)
            self._result_types.pop(number, None)

        future.add_done_callback(forget)
        return future

    async def settle(self) -> None:
        """Cancel the requests that are still open, either side's, and wait for our replies to be sent."""
        for asked in list(self._asked.values()):
            asked.cancel()
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

    def _receive_response(self, message: dict[str, Any]) -> None:
        """Settle the request that a response is for; one that nobody waits for is dropped."""
        number = message.get("id")
        asked = self._asked.get(number) if isinstance(number, str | int) else None
        if asked is None or not asked.set_running_or_notify_cancel():
            return
        try:
            response = self.structure_message(message)
        except JsonRpcException as error:
            asked.set_exception(error)
            return
        if isinstance(response, types.ResponseErrorMessage):
            asked.set_exception(_error_of(response))
        else:
            asked.set_result(response.result)

    def _give_up(self, number: str | int, method: str) -> None:
        """End the wait for a response."""
        asked = self._asked[number]
        if asked.set_running_or_notify_cancel():
            asked.set_exception(TimeoutError(f"the client does not answer {method}"))

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
        """Cancel a request; one that has been replied to meanwhile is none of pygls' warnings.

        The converter lets any JSON through for an id.
        """
        if isinstance(msg_id, str | int) and msg_id in self._request_futures:
            super()._handle_cancel_notification(msg_id)

    def _refuse(self, number: str | int | None, error: JsonRpcException) -> None:
        """Reply with an error; ``number`` is None where the request's id cannot be known."""
        body = {"jsonrpc": self.VERSION, "id": number, "error": {"code": error.code, "message": error.message}}
        self._send_data(body)


def _error_of(response: types.ResponseErrorMessage) -> JsonRpcException:
    """Return a client's error as an exception."""
    if response.error is None:
        return JsonRpcException("an error without a message")
    error: JsonRpcException = JsonRpcException.from_error(response.error)
    return error
