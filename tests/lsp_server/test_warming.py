"""Where the engine is told to prepare, over real pipes; the scripted service says the line before the cursor."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.lsp_server.wire import Client

URI = "file:///w/a.py"


def at(line: int, start: int, end: int, text: str) -> dict[str, Any]:
    """Return an edit within a line."""
    place = {"start": {"line": line, "character": start}, "end": {"line": line, "character": end}}
    return {"range": place, "text": text}


def warmed(client: Client) -> list[str]:
    """Return what was prepared for so far."""
    return [line.removeprefix("warm ") for line in client.stderr if line.startswith("warm ")]


def test_an_opened_document_is_read(client: Client) -> None:
    """At its end, where no cursor is known; of several at once, the last."""
    client.open("file:///w/b.py", "first\n")
    client.open(URI, "import os\nthe end")
    client.event("warm the end")
    assert warmed(client) == ["the end"]


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ([at(0, 2, 2, "XY")], "abXY"),
        ([at(0, 1, 3, "")], "a"),
        ([at(1, 0, 0, "one\ntwo")], "two"),
        ([at(0, 0, 0, "far "), at(1, 1, 2, "\U0001f600")], "d\U0001f600"),
        ([{"text": "all\nnew"}], "new"),
    ],
)
def test_a_quiet_client_has_its_change_read(client: Client, changes: list[dict[str, Any]], line: str) -> None:
    """Behind the newest change, once the client says no more."""
    client.open(URI, "abc\ndef\n")
    client.change(URI, *changes)
    client.event(f"warm {line}")
    assert warmed(client) == [line]


def test_who_asks_prepares_by_that(client: Client) -> None:
    """No keystroke is prepared for that a completion was asked for."""
    client.open(URI, "")
    for number in range(8):
        client.change(URI, at(0, number, number, "x"), version=number + 2)
        client.reply(client.complete(URI, 0, number + 1))
    client.change(URI, at(0, 0, 0, "y"), version=10)
    client.event("warm y")
    assert warmed(client) == ["y"]


def test_a_document_is_read_when_the_model_is_there(start: Callable[..., Client], tmp_path: Path) -> None:
    """One that was opened while the model was loading waits for it."""
    client = start("--gate", str(tmp_path / "gate"))
    client.initialize()
    client.open(URI, "patient")
    (tmp_path / "gate").touch()
    client.event("warm patient")


def test_a_closed_document_is_not_read(client: Client) -> None:
    """Nor does the end of the session wait for it."""
    client.open(URI, "gone")
    client.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
    client.open("file:///w/b.py", "here")
    client.event("warm here")
    client.open(URI, "gone, too")
    assert client.close() == 0
    assert warmed(client) == ["here"]
