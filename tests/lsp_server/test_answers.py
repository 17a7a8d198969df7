"""The order of answers, over real pipes; the scripted service counts how often it is asked."""

from __future__ import annotations

from typing import Any

from tests.lsp_server.scripted_server import digest
from tests.lsp_server.wire import Client

URI = "file:///w/a.py"


def text_at(client: Client, line: int, character: int, uri: str = URI, trigger: int = 2) -> str | None:
    """Return the first item's text, the line's beginning included."""
    result = client.reply(client.complete(uri, line, character, trigger=trigger))["result"]
    return result and result["items"][0]["insertText"]


def write(client: Client, line: int, character: int, text: str, uri: str = URI) -> None:
    """Insert a text."""
    place = {"line": line, "character": character}
    client.change(uri, {"range": {"start": place, "end": place}, "text": text})


def status(client: Client) -> dict[str, Any]:
    return client.ask("workspace/executeCommand", {"command": "verifill.showStatus"})


def answers(client: Client) -> dict[str, int]:
    """Return how many answers there were of each kind."""
    return {kind: count for kind, count in status(client)["answers"].items() if count}


def calls(client: Client) -> str:
    """Return what the service was asked, in a document of its own."""
    client.open("file:///w/calls.py", "calls")
    return text_at(client, 0, 5, "file:///w/calls.py").removeprefix("calls")


def until_ahead(client: Client, count: int = 1) -> None:
    """Wait until the engine has been asked for so many completions ahead."""
    while status(client)["begun_ahead"] < count:
        continue


def test_typing_as_suggested_asks_nobody(client: Client) -> None:
    """Nor does taking it back; what the client replaces grows with the line."""
    client.open(URI, "code\n")
    assert text_at(client, 0, 4) == "code(f(1), g)\n    again"
    for at, typed in enumerate("(f(1)", start=4):
        write(client, 0, at, typed)
        assert text_at(client, 0, at + 1) == "code(f(1), g)\n    again"
    client.change(
        URI, {"range": {"start": {"line": 0, "character": 5}, "end": {"line": 0, "character": 9}}, "text": ""}
    )
    assert text_at(client, 0, 5) == "code(f(1), g)\n    again"
    assert (calls(client), answers(client)) == ("automatic:2", {"typed": 6, "model": 2})


def test_typing_as_suggested_goes_over_line_ends(client: Client) -> None:
    """With the indentation that the editor writes."""
    client.open(URI, "code\n")
    text_at(client, 0, 4)
    write(client, 0, 4, "(f(1), g)\n  ")
    assert text_at(client, 1, 2) == "    again"
    assert answers(client) == {"typed": 1, "model": 1}


def test_a_bracket_that_the_editor_closes_changes_nothing(client: Client) -> None:
    """The suggestion ends before it, and goes on behind it."""
    client.open(URI, "code\n")
    text_at(client, 0, 4)
    write(client, 0, 4, "()")
    assert text_at(client, 0, 5) == "code(f(1), g"
    write(client, 0, 5, "f(1), g")
    assert text_at(client, 0, 13) == "code(f(1), g)\n    again"
    assert (calls(client), answers(client)) == ("automatic:2", {"typed": 2, "model": 2})


def test_the_same_place_again_asks_nobody(client: Client) -> None:
    """After a change and its undoing, too."""
    client.open(URI, "x\n")
    first = text_at(client, 0, 1)
    write(client, 0, 1, "y")
    assert text_at(client, 0, 2) != first
    client.change(
        URI, {"range": {"start": {"line": 0, "character": 1}, "end": {"line": 0, "character": 2}}, "text": ""}
    )
    assert text_at(client, 0, 1) == first
    assert (calls(client), answers(client)) == ("automatic:3", {"cached": 1, "model": 3})


def test_where_the_engine_had_nothing_it_is_not_asked_again(client: Client) -> None:
    """The same reason, until something changes."""
    client.open(URI, "silent\n")
    assert [text_at(client, 0, 6), text_at(client, 0, 6)] == [None, None]
    assert calls(client) == "automatic:2"
    assert status(client)["silences"] == {"no_legal_continuation": 2}
    write(client, 1, 0, "x")
    text_at(client, 0, 6)
    assert client.notifications("didChangeStatus")[-1]["message"] == "no_legal_continuation"


def test_a_change_behind_the_cursor_asks_again(client: Client) -> None:
    """No text is shown that was made for another suffix."""
    client.open(URI, "x\n")
    text_at(client, 0, 1)
    write(client, 1, 0, "y")
    assert text_at(client, 0, 1) == "x" + digest("x\ny", 1)
    assert answers(client) == {"model": 2}


def test_a_change_in_another_document_asks_again(client: Client) -> None:
    """The model and the analysis may read it."""
    client.open("file:///w/b.py", "y\n")
    client.open(URI, "x\n")
    text_at(client, 0, 1)
    write(client, 0, 1, "z", uri="file:///w/b.py")
    text_at(client, 0, 1)
    assert answers(client) == {"model": 2}


def test_settings_are_part_of_the_place(client: Client) -> None:
    """Other ones, another answer."""
    client.open(URI, "x\n")
    text_at(client, 0, 1)
    client.notify("workspace/didChangeConfiguration", {"settings": {"verifill": {"strictness": 3}}})
    text_at(client, 0, 1)
    assert answers(client) == {"model": 2}


def test_the_same_request_in_flight_is_joined(client: Client) -> None:
    """One call, and it ends when the last one who waits has gone."""
    client.open(URI, "hold")
    first, second = client.complete(URI, 0, 4), client.complete(URI, 0, 4)
    client.event("holding")
    client.cancel(first)
    assert client.reply(first)["error"]["code"] == -32800
    assert second not in [message.get("id") for message in client.received]
    client.cancel(second)
    assert client.reply(second)["error"]["code"] == -32800
    client.event("fired")
    assert client.stderr == ["holding", "fired"]


def test_what_was_cut_short_is_never_shown_but_guessed_first(client: Client) -> None:
    """It has not been verified to its end; where the user types along, the next request verifies it."""
    client.open(URI, "partial\n")
    number = client.complete(URI, 0, 7)
    client.event("holding")
    client.cancel(number)
    assert client.reply(number)["error"]["code"] == -32800
    client.event("fired")
    write(client, 0, 7, "w")
    assert text_at(client, 0, 8) == "partialw after 'partialwritten'"
    assert answers(client) == {"model": 1}


def test_asking_explicitly_is_not_answered_with_less(client: Client) -> None:
    """One text is no answer to who wants several; several are one to who wants one."""
    client.open(URI, "three\n")
    text_at(client, 0, 5)
    assert len(client.reply(client.complete(URI, 0, 5, trigger=1))["result"]["items"]) == 2
    text_at(client, 0, 5)
    assert (calls(client), answers(client)) == ("automatic:2 invoked:1", {"cached": 1, "model": 3})


def test_what_comes_after_acceptance_is_written_ahead(client: Client) -> None:
    """While the client is quiet; when the user gets there, nobody is asked."""
    client.open(URI, "two\n")
    assert text_at(client, 0, 3) == "two\nsecond"
    until_ahead(client)
    write(client, 0, 3, "\nsecond")
    assert text_at(client, 1, 6) == "second" + digest("two\nsecond\n", 10)
    found = answers(client)
    assert found.pop("model") == 1
    assert found in ({"ahead": 1}, {"joined": 1})
    assert calls(client) == "ahead:1 automatic:2"


def test_nothing_is_written_ahead_before_code_on_the_same_line(client: Client) -> None:
    """There the user rarely takes it whole.  The other document shows that the time has come."""
    client.open(URI, "two)\n")
    client.open("file:///w/b.py", "two\n")
    text_at(client, 0, 3)
    text_at(client, 0, 3, "file:///w/b.py")
    until_ahead(client)
    text_at(client, 0, 3)
    write(client, 1, 0, "x", "file:///w/b.py")
    client.event("warm x")
    assert status(client)["begun_ahead"] == 1


def test_it_is_written_ahead_once(client: Client) -> None:
    """However often the same suggestion is shown."""
    client.open(URI, "code\n")
    text_at(client, 0, 4)
    until_ahead(client)
    for at, typed in enumerate("(f(", start=4):
        write(client, 0, at, typed)
        text_at(client, 0, at + 1)
    client.open("file:///w/b.py", "two\n")
    text_at(client, 0, 3, "file:///w/b.py")
    until_ahead(client, 2)
    assert calls(client) == "ahead:2 automatic:3"
