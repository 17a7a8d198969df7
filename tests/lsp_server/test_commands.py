"""Commands and Copilot's notifications, over real pipes."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.lsp_server.wire import Client

URI = "file:///w/a.py"
Start = Callable[..., Client]
READY = {"kind": "Normal", "busy": False, "message": ""}


def execute(client: Client, command: str, *arguments: Any) -> Any:
    return client.ask("workspace/executeCommand", {"command": f"verifill.{command}", "arguments": [*arguments]})


def item_at(client: Client, line: int, character: int) -> dict[str, Any]:
    """Return the item at a position."""
    found: dict[str, Any] = client.reply(client.complete(URI, line, character))["result"]["items"][0]
    return found


def accepted(client: Client) -> tuple[int, int]:
    """Return how often items were accepted, whole and in part."""
    status = execute(client, "showStatus")
    return status["accepted"], status["accepted_in_part"]


def test_the_id_of_an_item_travels_in_its_command(client: Client) -> None:
    """As a client runs it when the user accepts; it stays the same while the user types along."""
    client.open(URI, "code\ntwo\n")
    first, other = item_at(client, 0, 4), item_at(client, 1, 3)
    client.change(
        URI, {"range": {"start": {"line": 0, "character": 4}, "end": {"line": 0, "character": 4}}, "text": "("}
    )
    typed = item_at(client, 0, 5)
    assert first["command"] == typed["command"] != other["command"]
    command = typed["command"]
    assert client.ask("workspace/executeCommand", {k: command[k] for k in ("command", "arguments")}) is None
    assert accepted(client) == (1, 0)


def test_ids_that_are_none_are_ignored(client: Client) -> None:
    """A client may be late, or strange."""
    assert execute(client, "didAccept", "77.0") is None
    for arguments in ([], [["x"]], ["a", "b"]):
        reply = client.reply(
            client.request("workspace/executeCommand", {"command": "verifill.didAccept", "arguments": arguments})
        )
        assert reply.get("error", {}).get("code", -32602) == -32602
    for params in (
        None,
        {},
        {"item": 5},
        {"item": {"command": {"arguments": [{}]}}},
        {"item": None, "acceptedLength": "x"},
    ):
        client.notify("textDocument/didShowCompletion", params)
        client.notify("textDocument/didPartiallyAcceptCompletion", params)
        client.notify("textDocument/didFocus", params)
    assert accepted(client) == (0, 0)
    assert client.notifications("window/logMessage") == []


@pytest.mark.parametrize(("length", "counted"), [(4, 0), (5, 1), (7, 1), (99, 1)])
def test_a_part_is_accepted_by_its_length_in_utf_16(client: Client, length: int, counted: int) -> None:
    """From the start of the item's text; what the line held before is no part of it."""
    client.open(URI, "code\n")
    item = item_at(client, 0, 4)
    client.notify("textDocument/didShowCompletion", {"item": item})
    client.notify("textDocument/didPartiallyAcceptCompletion", {"item": item, "acceptedLength": length})
    assert accepted(client) == (0, counted)


def test_a_document_in_focus_is_read(client: Client) -> None:
    """Where the user asked in it last."""
    client.open("file:///w/b.py", "silent\nend")
    client.open(URI, "silent\nthe end")
    client.event("warm the end")
    client.reply(client.complete(URI, 0, 6))
    client.notify("textDocument/didFocus", {"textDocument": {"uri": "file:///w/b.py"}})
    client.event("warm end")
    client.notify("textDocument/didFocus", {"textDocument": {"uri": URI}})
    client.event("warm silent")
    client.notify("textDocument/didFocus", {"textDocument": {"uri": "file:///not/open.py"}})


def test_trace_last_has_the_history_of_the_last_text(client: Client) -> None:
    """The engine's whole answer with its trace, the document, and how it was given; nothing of it goes to the log."""
    assert execute(client, "traceLast") is None
    client.open(URI, "code\n")
    item_at(client, 0, 4)
    trace = execute(client, "traceLast")
    assert trace["trace"]["rewritings"] == [{"token": 0, "text": "code", "cause": "line"}]
    assert (trace["document"]["text"], trace["offset"]) == ("code\n", 4)
    assert (trace["answer"], trace["text"]) == ("model", "(f(1), g)\n    again")
    assert trace["certificate"] == "1 name checked against this file"
    assert {"tokens", "timings_ms", "counters", "model", "reason"} <= trace.keys()
    item_at(client, 0, 4)
    assert execute(client, "traceLast") == {**trace, "answer": "cached"}
    assert client.notifications("window/logMessage") == []


def test_restart_ends_the_engine_and_loads_another(client: Client) -> None:
    """Requests meanwhile have a reason; nothing of the old one is shown afterwards."""
    client.open(URI, "two\n")
    item_at(client, 0, 3)
    assert execute(client, "restartEngine") is True
    client.notification("didChangeStatus", {"kind": "Normal", "busy": True, "message": "model_loading"})
    client.notification("didChangeStatus", READY)
    client.event("ended")
    item_at(client, 0, 3)
    assert execute(client, "showStatus")["answers"]["model"] == 2


def test_restart_answers_who_waits_for_the_old_engine(client: Client) -> None:
    """One reply each, as ever."""
    client.open(URI, "hold")
    number = client.complete(URI, 0, 4)
    client.event("holding")
    execute(client, "restartEngine")
    assert client.reply(number)["result"] is None
    assert execute(client, "showStatus")["silences"] == {"model_loading": 1}


def test_a_model_that_is_loading_is_not_restarted(start: Start, tmp_path: Path) -> None:
    """Nor loaded twice."""
    client = start("--gate", str(tmp_path / "gate"))
    client.initialize()
    assert execute(client, "restartEngine") is False
    (tmp_path / "gate").touch()
    client.notification("didChangeStatus", READY)


def test_after_a_failure_to_load_a_restart_tries_again(start: Start) -> None:
    """And says again what is wrong."""
    client = start("--broken")
    client.initialize()
    client.notification("window/showMessage")
    assert execute(client, "restartEngine") is True
    client.notification("window/showMessage")
    assert [message["type"] for message in client.notifications("window/showMessage")] == [1, 1]


def test_a_warning_about_the_model_is_shown_once_and_stays_in_the_status(start: Start) -> None:
    """As one message, and in words when the user asks."""
    client = start("--warning", "this model cannot fill in")
    client.initialize()
    client.notification("didChangeStatus", {"kind": "Warning", "busy": False, "message": "this model cannot fill in"})
    message = client.notification("window/showMessage")
    assert message == {"type": 2, "message": "Verifill: this model cannot fill in"}
    client.open(URI, "two\n")
    item_at(client, 0, 3)
    execute(client, "showStatus")
    assert client.notification("window/showMessage")["message"].endswith("; this model cannot fill in")


def test_a_slow_load_shows_progress(start: Start, tmp_path: Path) -> None:
    """Begun when the client has made the token, told what is done, and ended."""
    client = start("--gate", str(tmp_path / "gate"))
    client.initialize(capabilities={"window": {"workDoneProgress": True}})
    create = client.asked("window/workDoneProgress/create")
    assert client.notifications("$/progress") == []
    client.respond(create, None)
    assert client.notification("$/progress")["value"] == {"kind": "begin", "title": "Verifill: loading the model"}
    assert client.notification("$/progress")["value"] == {"kind": "report", "message": "reading the script"}
    (tmp_path / "gate").touch()
    last = client.notification("$/progress")
    assert last == {"token": create["params"]["token"], "value": {"kind": "end"}}
    client.notification("didChangeStatus", READY)


@pytest.mark.parametrize("window", [{}, {"workDoneProgress": True}])
def test_no_progress_where_the_client_cannot_show_it_or_the_load_is_quick(
    start: Start, tmp_path: Path, window: dict[str, bool]
) -> None:
    """Without the capability however long it takes; with it, only if it takes long."""
    gate = tmp_path / "gate"
    client = start("--gate", str(gate))
    if window:
        gate.touch()
    client.initialize(capabilities={"window": window})
    if not window:
        time.sleep(1.5)
        gate.touch()
    client.notification("didChangeStatus", READY)
    assert not [message for message in client.received if message.get("method") == "window/workDoneProgress/create"]
