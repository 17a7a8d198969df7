"""Requests that nobody wants any more, over real pipes."""

from __future__ import annotations

from collections import Counter

from tests.lsp_server.wire import Client

URI = "file:///w/a.py"


def test_cancel_is_answered_at_once_and_fires_the_token(client: Client) -> None:
    """-32800, though the service has not returned yet."""
    client.open(URI, "hold")
    number = client.complete(URI, 0, 4)
    client.event("holding")
    client.cancel(number)
    assert client.reply(number)["error"]["code"] == -32800
    client.event("fired")


def test_a_newer_request_supersedes_the_older(client: Client) -> None:
    """The older gets null and its token fires; the newer gets its text."""
    client.open(URI, "hold\n")
    older = client.complete(URI, 0, 4)
    client.event("holding")
    newer = client.complete(URI, 1, 0)
    assert client.reply(older)["result"] is None
    assert client.reply(newer)["result"]["items"]
    client.event("fired")
    client.notification("didChangeStatus", {"kind": "Normal", "busy": False, "message": "superseded"})


def test_requests_of_other_documents_go_on(client: Client) -> None:
    """One document's request does not disturb another's."""
    client.open(URI, "hold")
    client.open("file:///w/b.py", "")
    held = client.complete(URI, 0, 4)
    client.event("holding")
    assert client.reply(client.complete("file:///w/b.py", 0, 0))["result"]["items"]
    client.cancel(held)
    assert client.reply(held)["error"]["code"] == -32800


def test_an_edit_does_not_end_a_request_but_closing_does(client: Client) -> None:
    """Whether an answer for an older text is of use, the client decides."""
    client.open(URI, "hold")
    number = client.complete(URI, 0, 4)
    client.event("holding")
    client.change(URI, {"text": "other"})
    client.ask("workspace/executeCommand", {"command": "verifill.showStatus"})
    assert number not in [message.get("id") for message in client.received]
    client.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
    assert client.reply(number)["result"] is None
    client.event("fired")


def test_cancelling_what_is_not_there(client: Client) -> None:
    """Answered, unknown and strange ids: nothing happens, nothing is logged."""
    client.open(URI, "x")
    number = client.complete(URI, 0, 1)
    client.reply(number)
    client.cancel(number)
    client.cancel(12345)
    client.notify("$/cancelRequest", {"id": "no such"})
    for strange in (None, [1], {"a": 1}, 1.5, True):
        client.notify("$/cancelRequest", {"id": strange})
    client.notify("$/cancelRequest")
    client.close()
    assert "closed" in client.stderr
    assert not [line for line in client.stderr if "cancel" in line.lower()]


def test_a_burst_has_one_reply_each(client: Client) -> None:
    """100 requests in 100 documents, half of which never end: 50 cancels, 50 texts."""
    for index in range(100):
        client.open(f"file:///w/{index}.py", "hold" if index % 2 else "text")
    numbers = [client.complete(f"file:///w/{index}.py", 0, 4) for index in range(100)]
    for number in numbers[1::2]:
        client.cancel(number)
    outcomes = Counter(client.reply(number).get("error", {}).get("code", "text") for number in numbers)
    assert outcomes == {"text": 50, -32800: 50}
    client.close()
    assert Counter(client.stderr) == {"holding": 50, "fired": 50, "closed": 1}


def test_a_burst_in_one_document_has_one_reply_each(client: Client) -> None:
    """100 requests in one document, 50 of them cancelled: only the last gets a text."""
    client.open(URI, "hold\n" * 99)
    numbers = []
    for index in range(99):
        numbers.append(client.complete(URI, index, 4))
        if index % 2:
            client.cancel(numbers[-1])
    numbers.append(client.complete(URI, 99, 0))
    client.cancel(12345)
    replies = [client.reply(number) for number in numbers]
    assert [reply["error"]["code"] for reply in replies[1:99:2]] == [-32800] * 49
    assert [reply["result"] for reply in replies[0:99:2]] == [None] * 50
    assert replies[99]["result"]["items"]
    client.close()
    assert Counter(client.stderr) == {"holding": 99, "fired": 99, "closed": 1}
