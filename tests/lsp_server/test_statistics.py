"""Counting what becomes of suggestions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from completion import statistics as file
from completion.statistics import ACCEPTED, ACCEPTED_IN_PART, KEPT, SHOWN
from lsp_server.offers import Offer
from lsp_server.server import create_server
from lsp_server.settings import ServerSettings
from lsp_server.statistics import AFTER_S, Statistics
from tests.lsp_server.wire import frame

URI = "file:///w/a.py"
BEFORE = "import os\n\nhere = os."
OFFER = Offer("1.0", URI, len(BEFORE), "here = os.", "getcwd()")


class Window:
    """A window without a client, whose clock is turned by hand."""

    def __init__(self, wanted: bool = True) -> None:
        self.front = create_server(lambda say: pytest.fail("nothing is loaded here"), ServerSettings())
        self.front.protocol.set_writer(self)
        initialize = {"id": 1, "method": "initialize", "params": {"capabilities": {}}}
        self.front.protocol.receive(frame(initialize).partition(b"\r\n\r\n")[2])
        self.front.configuration.take({"statistics": wanted})
        self.statistics = self.front.observer
        assert isinstance(self.statistics, Statistics)
        self.timers: list[tuple[float, Callable[..., None], tuple[Any, ...]]] = []
        asyncio.get_running_loop().call_later = lambda *timer: self.timers.append((timer[0], timer[1], timer[2:]))
        self.notify("didOpen", {"uri": URI, "languageId": "python", "version": 1, "text": BEFORE})

    def write(self, data: bytes) -> None:
        """Take what the server says."""

    def close(self) -> None:
        """Nothing to close."""

    def notify(self, method: str, document: Any, **params: Any) -> None:
        body = {"method": f"textDocument/{method}", "params": {"textDocument": document, **params}}
        self.front.protocol.receive(frame(body).partition(b"\r\n\r\n")[2])

    def edit(self, start: int, end: int, text: str, line: int = 2) -> None:
        place = {"start": {"line": line, "character": start}, "end": {"line": line, "character": end}}
        self.notify("didChange", {"uri": URI, "version": 2}, contentChanges=[{"range": place, "text": text}])

    def wait(self, seconds: float) -> None:
        """Let the timers go off that are due after so long."""
        for _, call, arguments in [timer for timer in self.timers if timer[0] == seconds]:
            call(*arguments)


@pytest.fixture(autouse=True)
def nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A user of his own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    yield


def in_window(test: Callable[[Window], None], wanted: bool = True) -> list[tuple[str, int, int, int]]:
    """Run a test and return what was written down: what, characters, after, kept."""

    async def run() -> None:
        test(Window(wanted))

    asyncio.run(run())
    return [(one.what, one.characters, one.after, one.kept) for one in file.read()]


def test_nothing_is_counted_unasked() -> None:
    """Not even a file is made."""

    def session(window: Window) -> None:
        window.statistics.shown(OFFER)
        window.edit(10, 10, OFFER.text)
        window.statistics.accepted(OFFER, OFFER.text)

    assert in_window(session, wanted=False) == []
    assert not file.newest_file().exists()


def test_shown_and_accepted_and_what_is_left() -> None:
    """At 30 s all, at 2 min a part, at 10 min nothing."""

    def session(window: Window) -> None:
        window.statistics.shown(OFFER)
        window.statistics.shown(OFFER)
        window.edit(10, 10, OFFER.text)
        window.statistics.accepted(OFFER, OFFER.text)
        window.edit(0, 0, "# a line above\n", line=0)
        window.wait(30)
        window.edit(13, 16, "", line=3)
        window.wait(120)
        window.edit(0, 99, "", line=3)
        window.wait(600)

    assert in_window(session) == [
        (SHOWN, 8, 0, 0),
        (ACCEPTED, 8, 0, 0),
        (KEPT, 8, 30, 8),
        (KEPT, 8, 120, 5),
        (KEPT, 8, 600, 0),
    ]


def test_word_by_word_is_accepted_in_part_once() -> None:
    """What is followed is what was taken in the end."""

    def session(window: Window) -> None:
        window.edit(10, 10, "get")
        window.statistics.accepted(OFFER, "get")
        window.edit(13, 13, "cwd")
        window.statistics.accepted(OFFER, "getcwd")
        window.wait(30)

    assert in_window(session) == [(ACCEPTED_IN_PART, 3, 0, 0), (KEPT, 6, 30, 6)]


def test_an_offer_whose_document_is_closed_is_followed_no_more() -> None:
    """Nor is one that never stood in the text."""

    def session(window: Window) -> None:
        window.edit(10, 10, OFFER.text)
        window.statistics.accepted(OFFER, OFFER.text)
        window.statistics.accepted(replace(OFFER, id="2.0", text="elsewhere"), "elsewhere")
        window.notify("didClose", {"uri": URI})
        for seconds in AFTER_S:
            window.wait(seconds)

    assert in_window(session) == [(ACCEPTED, 8, 0, 0), (ACCEPTED, 9, 0, 0)]


def test_a_full_disk_costs_statistics_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """The editor goes on."""

    def full(happening: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(file, "write", full)
    assert in_window(lambda window: window.statistics.shown(OFFER)) == []


def test_no_code_is_written() -> None:
    """The file has numbers and four words."""

    def session(window: Window) -> None:
        window.statistics.shown(OFFER)
        window.edit(10, 10, OFFER.text)
        window.statistics.accepted(OFFER, OFFER.text)
        window.wait(30)

    in_window(session)
    text = file.newest_file().read_text()
    assert len(text.splitlines()) == 3
    assert not any(word in text for word in ("getcwd", "os", "a.py", "/w"))
