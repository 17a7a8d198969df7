"""Input that no client should send: the server says what is wrong and lives on."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.lsp_server.wire import Client

URI = "file:///w/a.py"


def frame(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def alive(client: Client) -> None:
    """Check that the server still completes."""
    client.open(URI, "x")
    assert client.reply(client.complete(URI, 0, 1))["result"]["items"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"Content-Length: x\r\n\r\n", -32700),
        (frame(b"{"), -32700),
        (frame(b"\xff\xfe\xfd"), -32700),
        (frame(b"[" * 100_000), -32700),
        (frame(b"[]"), -32600),
        (frame(b'{"id": 5}'), -32600),
        (frame(b'{"jsonrpc": "1.0", "id": 5, "method": "shutdown"}'), -32600),
        (frame(b'{"jsonrpc": "2.0", "id": 1.5, "method": "shutdown"}'), -32600),
        (frame(b'{"jsonrpc": "2.0", "id": null, "method": "shutdown"}'), -32600),
    ],
)
def test_what_cannot_be_read_is_an_error_without_id(shared: Client, data: bytes, code: int) -> None:
    """Parse errors and invalid requests."""
    shared.send_bytes(data)
    reply = shared.reply(None)
    assert (reply["error"]["code"], reply["id"]) == (code, None)
    alive(shared)


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("no/such", {"a": {"b b": 1}}, -32601),
        ("no/such", None, -32601),
        ("textDocument/hover", {}, -32601),
        ("textDocument/inlineCompletion", None, -32602),
        ("textDocument/inlineCompletion", {}, -32602),
        ("textDocument/inlineCompletion", [1], -32602),
        ("workspace/executeCommand", {"command": 1}, -32602),
        ("workspace/executeCommand", {"command": "verifill.showStatus", "arguments": [1]}, -32602),
    ],
)
def test_what_cannot_be_served_is_an_error(shared: Client, method: str, params: Any, code: int) -> None:
    """Unknown methods and wrong parameters, with the request's id."""
    assert shared.reply(shared.request(method, params))["error"]["code"] == code
    alive(shared)


@pytest.mark.parametrize("change", [{"line": -1}, {"line": 2**40}, {"character": None}])
def test_positions_of_the_wrong_kind(shared: Client, change: dict[str, Any]) -> None:
    """Invalid parameters, not a crash and not a guess."""
    params = {
        "textDocument": {"uri": URI},
        "position": {"line": 0, "character": 0, **change},
        "context": {"triggerKind": 2},
    }
    assert shared.reply(shared.request("textDocument/inlineCompletion", params))["error"]["code"] == -32602
    alive(shared)


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("no/such", {"a": 1}),
        ("$/whatever", None),
        ("textDocument/didOpen", {}),
        ("textDocument/didOpen", {"textDocument": {"uri": URI, "text": 5}}),
        ("textDocument/didChange", {"textDocument": {"uri": URI, "version": 1}, "contentChanges": [{"range": 1}]}),
        ("textDocument/didClose", {"textDocument": {"uri": "file:///never/open.py"}}),
        ("textDocument/didSave", {"textDocument": {"uri": "file:///never/open.py"}, "text": "x"}),
        ("workspace/didChangeWorkspaceFolders", {"event": {"added": [], "removed": [{"uri": "x", "name": "x"}]}}),
        ("initialized", {}),
    ],
)
def test_notifications_of_the_wrong_kind_are_dropped(shared: Client, method: str, params: Any) -> None:
    """There is no reply to say it in, and no popup for it either."""
    shared.notify(method, params)
    alive(shared)
    assert shared.notifications("window/showMessage") == []


def test_a_change_of_a_document_that_is_not_open_is_logged(shared: Client) -> None:
    """The client's log says so, without the text."""
    shared.change("file:///never/open.py", {"text": "secret"})
    message = "a change of a document that is not open is ignored"
    assert shared.notification("window/logMessage") == {"type": 2, "message": message}


def test_responses_that_nobody_asked_for_are_ignored(shared: Client) -> None:
    """Whatever number they carry."""
    shared.send({"id": 77, "result": None})
    shared.send({"id": 78, "error": {"code": 1, "message": "x"}})
    alive(shared)


def test_messages_in_pieces_and_in_clumps(shared: Client) -> None:
    """Where the pipe cuts makes no difference."""
    body = json.dumps({"jsonrpc": "2.0", "method": "$/setTrace", "params": {"value": "off"}}).encode()
    for byte in frame(body):
        shared.send_bytes(bytes([byte]))
    shared.send_bytes(frame(body) * 50)
    alive(shared)


def test_nothing_of_the_users_code_is_logged(client: Client) -> None:
    """Neither from a message that is wrong nor from one that fails."""
    secret = "s3cr3t"
    wrong = {"uri": URI, "languageId": 5, "version": "v", "text": [secret]}
    client.notify("textDocument/didOpen", {"textDocument": wrong})
    client.request("textDocument/inlineCompletion", {"position": secret})
    client.open(URI, f"{secret}\nfail")
    client.reply(client.complete(URI, 1, 4))
    client.close()
    assert not [line for line in client.stderr if secret in line]
