"""From `initialize` to `exit`, over real pipes."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.lsp_server.conftest import SCRIPTED
from tests.lsp_server.wire import PATIENCE, ROOT, Client, frame

URI = "file:///w/a.py"
COMMANDS = ["verifill.didAccept", "verifill.restartEngine", "verifill.showStatus", "verifill.traceLast"]
NO_ANSWERS = {
    "answers": {"typed": 0, "cached": 0, "ahead": 0, "joined": 0, "model": 0},
    "silences": {},
    "begun_ahead": 0,
    "accepted": 0,
    "accepted_in_part": 0,
}
Start = Callable[..., Client]


def test_capabilities_are_those_that_are_served(start: Start) -> None:
    """The whole reply to initialize: nothing is promised that is not kept."""
    inline = {"textDocument": {"inlineCompletion": {}}}
    assert start().initialize(capabilities=inline) == {
        "capabilities": {
            "positionEncoding": "utf-16",
            "textDocumentSync": {"openClose": True, "change": 2, "save": {"includeText": True}},
            "inlineCompletionProvider": {},
            "executeCommandProvider": {"commands": COMMANDS},
            "workspace": {"workspaceFolders": {"supported": True, "changeNotifications": True}, "fileOperations": {}},
        },
        "serverInfo": {"name": "verifill", "version": "9.9"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        ((), "utf-16"),
        (("utf-8", "utf-16"), "utf-8"),
        (("utf-32",), "utf-32"),
        (("utf-7", "utf-32", "utf-8"), "utf-32"),
        (("utf-7",), "utf-16"),
    ],
)
def test_position_encoding_is_the_clients_first_that_is_known(
    start: Start, offered: tuple[str, ...], chosen: str
) -> None:
    """UTF-16 where there is none."""
    assert start().initialize(*offered)["capabilities"]["positionEncoding"] == chosen


def test_exit_after_shutdown_ends_with_zero(client: Client) -> None:
    """The polite way; the service is closed."""
    assert client.ask("shutdown") is None
    client.notify("exit")
    assert client.wait() == 0
    assert client.stderr == ["closed"]


@pytest.mark.parametrize("handshake", [False, True])
def test_exit_without_shutdown_ends_with_one(start: Start, handshake: bool) -> None:
    """Also before initialize."""
    client = start()
    if handshake:
        client.ready()
    client.notify("exit")
    assert client.wait() == 1


def test_end_of_input_ends_with_one(client: Client) -> None:
    """A client that has died takes its server along, requests in flight and all."""
    client.open(URI, "hold")
    client.complete(URI, 0, 4)
    client.event("holding")
    assert client.wait() == 1
    assert "closed" in client.stderr


def test_a_connection_that_is_reset_ends_with_one() -> None:
    """Node's pipes are sockets: an editor that dies with a reply unread leaves an error, no end of file."""
    ours, theirs = socket.socketpair()
    with subprocess.Popen(SCRIPTED, cwd=ROOT, stdin=theirs, stdout=theirs, stderr=subprocess.PIPE) as server:
        theirs.close()
        ours.sendall(frame({"id": 1, "method": "initialize", "params": {"processId": None, "capabilities": {}}}))
        assert ours.recv(1, socket.MSG_PEEK)
        ours.close()
        try:
            assert server.wait(PATIENCE) == 1
        finally:
            server.kill()


def test_exit_while_the_model_is_loading(start: Start, tmp_path: Path) -> None:
    """Nothing waits for the model."""
    client = start("--gate", str(tmp_path / "never"))
    client.initialize()
    assert client.close() == 0


def test_shutdown_replies_to_what_is_in_flight(client: Client) -> None:
    """The request is cancelled, and its token fires."""
    client.open(URI, "hold")
    number = client.complete(URI, 0, 4)
    client.event("holding")
    client.ask("shutdown")
    assert client.reply(number)["error"]["code"] == -32800
    client.event("fired")


def test_everything_in_one_write(start: Start) -> None:
    """A client that says it all at once and leaves gets its replies."""
    client = start()
    client.ready()
    client.open(URI, "hold")
    held = client.complete(URI, 0, 4)
    client.event("holding")
    client.send_bytes(frame({"id": "last", "method": "shutdown"}) + frame({"method": "exit"}))
    assert client.reply(held)["error"]["code"] == -32800
    assert client.reply("last")["result"] is None
    assert client.process.wait(PATIENCE) == 0


def test_requests_out_of_order_are_refused(start: Start) -> None:
    """Before initialize, a second initialize, and after shutdown."""
    client = start()
    client.open(URI, "dropped, as there is no session yet")
    assert client.reply(client.complete(URI, 0, 0))["error"]["code"] == -32002
    client.ready()
    assert client.reply(client.request("initialize", {"capabilities": {}}))["error"]["code"] == -32600
    client.ask("shutdown")
    assert client.reply(client.complete(URI, 0, 0))["error"]["code"] == -32600
    assert client.reply(client.request("shutdown"))["error"]["code"] == -32600


def test_show_status_says_how_things_stand(client: Client) -> None:
    """The command shows a message and returns the status."""
    command = {"command": "verifill.showStatus"}
    ready = {"kind": "Normal", "busy": False, "message": ""}
    assert client.ask("workspace/executeCommand", command) == {**ready, **NO_ANSWERS, "workspaces": []}
    assert client.notification("window/showMessage") == {"type": 3, "message": "Verifill: ready"}
    client.reply(client.complete("file:///not/open.py", 0, 0))
    status = {
        **ready,
        "message": "document_not_open",
        **NO_ANSWERS,
        "silences": {"document_not_open": 1},
        "workspaces": [],
    }
    assert client.ask("workspace/executeCommand", command) == status
    message = "Verifill: ready; last answer: document_not_open"
    assert client.notification("window/showMessage") == {"type": 3, "message": message}
    assert client.reply(client.request("workspace/executeCommand", {"command": "rm"}))["error"]["code"] == -32602


def test_trace_is_written_when_wanted(start: Start) -> None:
    """`off`, `messages` and `verbose`, at initialize and later."""
    client = start()
    client.ready(trace="messages")
    client.open(URI, "silent\n")
    client.reply(client.complete(URI, 0, 6))
    client.notify("$/setTrace", {"value": "verbose"})
    client.reply(client.complete(URI, 1, 0))
    client.notify("$/setTrace", {"value": "off"})
    client.reply(client.complete(URI, 1, 0))
    silent, answered = client.notifications("$/logTrace")
    assert silent == {"message": "inlineCompletion: no_legal_continuation"}
    assert answered["message"] == "inlineCompletion: model, 19 characters"
    counts = {"answers": {**NO_ANSWERS["answers"], "model": 1}, "silences": {"no_legal_continuation": 1}}
    details = {"answer": "model", **NO_ANSWERS, **counts, "timings_ms": {"total": 1.0}, "counters": {}}
    said = json.loads(answered["verbose"])
    assert said.pop("server_ms") > 0
    assert said == details
