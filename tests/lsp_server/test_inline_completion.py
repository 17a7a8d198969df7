"""`textDocument/inlineCompletion`, over real pipes."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.lsp_server import reference
from tests.lsp_server.scripted_server import digest
from tests.lsp_server.wire import Client

URI = "file:///w/a.py"
Start = Callable[..., Client]


def items(client: Client, line: int, character: int, uri: str = URI, **context: Any) -> list[dict[str, Any]] | None:
    """Return the items at a position without their commands, None for none."""
    result = client.reply(client.complete(uri, line, character, **context))["result"]
    for item in result["items"] if result else ():
        assert item.pop("command")["command"] == "verifill.didAccept"
    return result and result["items"]


def broken(message: str) -> dict[str, Any]:
    """Return the status for what a restart may mend."""
    restart = {"title": "Restart the engine", "command": "verifill.restartEngine"}
    return {"kind": "Error", "busy": False, "message": message, "command": restart}


def span(line: int, start: int, end: int) -> dict[str, Any]:
    return {"start": {"line": line, "character": start}, "end": {"line": line, "character": end}}


@pytest.mark.parametrize(("encoding", "character"), [("utf-8", 8), ("utf-16", 5), ("utf-32", 4)])
def test_items_replace_from_line_start_to_cursor(start: Start, encoding: str, character: int) -> None:
    """The text before the cursor is repeated, and the range is counted in the client's units."""
    client = start()
    client.ready(encoding)
    text = "x\r\né😀 .y\n"
    client.open(URI, text)
    expected = {"insertText": "é😀 ." + digest(text, 7), "range": span(1, 0, character)}
    assert items(client, 1, character) == [expected]


def test_typing_gets_one_candidate_and_asking_gets_several(shared: Client) -> None:
    """Automatic is 2, Invoked is 1; equal candidates are one item."""
    shared.open(URI, "request\nthree\nthree\n")
    assert items(shared, 0, 7, trigger=2) == [{"insertText": "requestautomatic 1 live", "range": span(0, 0, 7)}]
    assert items(shared, 0, 7, trigger=1) == [{"insertText": "requestinvoked 3 live", "range": span(0, 0, 7)}]
    assert [item["insertText"] for item in items(shared, 1, 5, trigger=1) or ()] == ["threea", "threeb"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_the_documents_do(shared: Client, end: str) -> None:
    """Whatever the service returns."""
    shared.open(URI, f"two{end}")
    assert items(shared, 0, 3) == [{"insertText": f"two{end}second", "range": span(0, 0, 3)}]


def test_completion_follows_the_selected_popup_entry(shared: Client) -> None:
    """Its range, its text first, and the service sees the document with it accepted."""
    shared.open(URI, "x.ap(1)\n")
    popup = {"range": span(0, 2, 4), "text": "append"}
    expected = {"insertText": "append" + digest("x.append(1)\n", 8), "range": span(0, 2, 4)}
    assert items(shared, 0, 4, selectedCompletionInfo=popup) == [expected]


@pytest.mark.parametrize(
    "popup",
    [
        {"range": span(0, 2, 4), "text": "clear"},
        {"range": span(0, 5, 6), "text": "1)"},
        {"range": {"start": {"line": 0, "character": 2}, "end": {"line": 1, "character": 0}}, "text": "ap(1)\nx"},
    ],
)
def test_no_text_for_a_popup_entry_that_does_not_extend_what_is_typed(shared: Client, popup: dict[str, Any]) -> None:
    """Clients would not show it: not a prefix, not at the cursor, not on one line."""
    shared.open(URI, "x.ap(1)\n")
    assert items(shared, 0, 4, selectedCompletionInfo=popup) is None
    assert shared.notifications("didChangeStatus")[-1]["message"] == "popup_not_extended"


def test_status_carries_certificate_or_reason(client: Client) -> None:
    """It is sent when it changes, and only then."""
    client.open(URI, "silent\n\n")
    assert items(client, 1, 0)
    assert items(client, 2, 0)
    assert items(client, 0, 6) is None
    assert items(client, 0, 6) is None
    assert items(client, 0, 0, uri="file:///w/not_open.py") is None
    assert items(client, 1, 0)
    shown = [status["message"] for status in client.notifications("didChangeStatus")]
    certificate = "1 name checked against this file"
    assert shown == ["model_loading", "", certificate, "no_legal_continuation", "document_not_open", certificate]


def test_no_text_while_the_model_is_loading(start: Start, tmp_path: Path) -> None:
    """Null and the reason; a cancelled request does not cancel the load."""
    client, gate = start("--gate", str(tmp_path / "gate")), tmp_path / "gate"
    client.initialize()
    client.open(URI, "x")
    client.notification("didChangeStatus", {"kind": "Normal", "busy": True, "message": "model_loading"})
    number = client.complete(URI, 0, 1)
    client.cancel(number)
    assert client.reply(number)["result"] is None
    gate.touch()
    client.notification("didChangeStatus", {"kind": "Normal", "busy": False, "message": ""})
    assert items(client, 0, 1) == [{"insertText": "x" + digest("x", 1), "range": span(0, 0, 1)}]


def test_a_model_that_cannot_be_loaded(start: Start) -> None:
    """One message with the cause; requests get null and the reason."""
    client = start("--broken")
    client.initialize()
    message = "Verifill: the model cannot be loaded: model.safetensors is truncated; run `verifill doctor`"
    client.notification("window/showMessage", {"type": 1, "message": message})
    client.open(URI, "x")
    assert items(client, 0, 1) is None
    assert items(client, 0, 1) is None
    assert len(client.notifications("window/showMessage")) == 1
    assert client.notifications("didChangeStatus")[-1] == broken("load_failed")


def test_a_failure_is_an_error_once_per_cause(client: Client) -> None:
    """-32803 the first time, then null; neither quotes the document."""
    client.open(URI, "secret = 1\nfail")
    error = client.reply(client.complete(URI, 1, 4))["error"]
    assert error["code"] == -32803
    assert error["message"].startswith("Verifill: completing failed: RuntimeError in complete, line ")
    assert items(client, 1, 4) is None
    assert client.notifications("didChangeStatus")[-1] == broken("failed")
    client.close()
    assert not [line for line in (*client.stderr, *map(str, client.received)) if "secret" in line]


def test_any_document_is_completed(start: Start) -> None:
    """Path, innermost workspace folder and language go to the service."""
    client = start()
    folders = [{"uri": "file:///w", "name": "w"}, {"uri": "file:///w/p", "name": "p"}]
    client.ready(workspaceFolders=folders)
    for uri, expected in (
        ("file:///w/p/q/a.py", ("/w/p/q/a.py", "/w/p", "python")),
        ("file:///elsewhere/a.lua", ("/elsewhere/a.lua", "/elsewhere", "lua")),
        ("untitled:Untitled-1", ("/w/Untitled-1.py", "/w", "python")),
    ):
        client.open(uri, "describe", expected[2])
        assert items(client, 0, 8, uri=uri) == [{"insertText": f"describe{expected!r}", "range": span(0, 0, 8)}]


def test_an_untitled_document_without_a_workspace(shared: Client) -> None:
    """It is said to lie in a folder that is nobody's."""
    shared.open("untitled:Untitled-1", "describe")
    folder = os.path.join(tempfile.gettempdir(), "verifill-untitled")
    found = items(shared, 0, 8, uri="untitled:Untitled-1")
    assert found and found[0]["insertText"] == "describe" + repr((f"{folder}/Untitled-1.py", folder, "python"))


def test_workspace_folders_come_and_go(client: Client) -> None:
    """A folder that the user adds is known from then on."""
    client.open("file:///w/p/a.py", "describe")
    added = {"event": {"added": [{"uri": "file:///w", "name": "w"}], "removed": []}}
    client.notify("workspace/didChangeWorkspaceFolders", added)
    found = items(client, 0, 8, uri="file:///w/p/a.py")
    assert found and found[0]["insertText"] == "describe" + repr(("/w/p/a.py", "/w", "python"))


def test_a_folder_with_a_new_name_is_still_there(start: Start) -> None:
    """It is removed and added in one message."""
    client = start()
    client.ready(workspaceFolders=[{"uri": "file:///w", "name": "w"}])
    event = {"added": [{"uri": "file:///w", "name": "x"}], "removed": [{"uri": "file:///w", "name": "w"}]}
    client.notify("workspace/didChangeWorkspaceFolders", {"event": event})
    client.open("file:///w/p/a.py", "describe")
    found = items(client, 0, 8, uri="file:///w/p/a.py")
    assert found and found[0]["insertText"].endswith(repr(("/w/p/a.py", "/w", "python")))


def test_folders_with_any_name(start: Start) -> None:
    """Whatever has to be escaped in a URI; folders that are none do no harm beside it."""
    path = "/w/C#/50%20off/what?/é è"
    folders = [Path(path).as_uri(), "file://[broken", "file:///w/%00", "vscode-vfs://github/w", ""]
    client = start()
    client.ready(workspaceFolders=[{"uri": uri, "name": "w"} for uri in folders])
    uri = Path(path, "p", "a.py").as_uri()
    client.open(uri, "describe")
    found = items(client, 0, 8, uri=uri)
    assert found and found[0]["insertText"].endswith(repr((f"{path}/p/a.py", path, "python")))


def test_stray_output_stays_out_of_the_protocol(client: Client) -> None:
    """Prints go to standard error, and a child process finds no input to steal."""
    client.open(URI, "print")
    assert items(client, 0, 5)
    client.close()
    assert client.stderr == ["a stray print", "a child: ''", "closed"]


@pytest.mark.parametrize("encoding", reference.ENCODINGS)
def test_positions_that_do_not_exist(start: Start, encoding: str) -> None:
    """Past the end of a line is its end, past the last line the end of the text."""
    client = start()
    client.ready(encoding)
    client.open(URI, "a😀\x0c\u2028b\r\nc")
    for line, character, offset in [(0, 99, 5), (1, 99, 8), (99, 99, 8)]:
        found = items(client, line, character)
        assert found and found[0]["insertText"].endswith(digest("a😀\x0c\u2028b\r\nc", offset))
