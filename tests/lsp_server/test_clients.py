"""What is agreed with real clients, by what they say of themselves; each fixture names where it comes from."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.lsp_server.wire import Client

FIXTURES = Path(__file__).with_name("fixtures")
URI = "file:///w/a.py"


def capabilities(name: str) -> dict[str, Any]:
    """Return a client's capabilities as it sends them."""
    found: dict[str, Any] = json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))["capabilities"]
    return found


@pytest.mark.parametrize(("name", "encoding", "end"), [("vscode", "utf-16", 10), ("neovim", "utf-8", 12)])
def test_clients_with_inline_completion(start: Callable[..., Client], name: str, encoding: str, end: int) -> None:
    """Ghost text in their encoding, and no popup lists of ours beside it."""
    client = start()
    agreed = client.initialize(capabilities=capabilities(name))["capabilities"]
    assert agreed["positionEncoding"] == encoding
    assert agreed["inlineCompletionProvider"] == {}
    assert agreed["textDocumentSync"]["change"] == 2
    assert "completionProvider" not in agreed
    client.respond(client.asked("workspace/configuration"), [None])
    client.notification("didChangeStatus", {"kind": "Normal", "busy": False, "message": ""})
    client.open(URI, "x = '\U0001f600' two\n")
    (item,) = client.reply(client.complete(URI, 0, end))["result"]["items"]
    assert item["range"] == {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": end}}
    assert item["insertText"].startswith("x = '\U0001f600' t")
    # All that clients keep of an item.
    assert item.keys() <= {"insertText", "filterText", "range", "command"}
