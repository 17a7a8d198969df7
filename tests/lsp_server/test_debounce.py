"""The wait before the engine is asked, on a clock of our own."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from lsp_server.debounce import Debounce
from lsp_server.server import create_server
from lsp_server.settings import ServerSettings
from tests.lsp_server.scripted_server import ScriptedService


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def typing(interval: float, answered: bool, before: str = "wor", strokes: int = 6) -> float:
    """Return the wait at the last of some keystrokes, each with a request."""
    clock = Clock()
    debounce = Debounce(clock)
    wait = 0.0
    for _ in range(strokes):
        clock.now += interval
        debounce.keystroke()
        wait = debounce.wait(before, 0.15)
        if answered:
            debounce.answered()
    return wait


def test_no_wait_while_answers_come_faster_than_keystrokes() -> None:
    """However fast they are."""
    assert typing(0.05, answered=True) == 0.0


def test_typing_that_outruns_the_engine_waits_for_the_next_keystroke() -> None:
    """As long as it usually takes, half of that where a word has ended, never longer than the user wants."""
    assert typing(0.1, answered=False) == pytest.approx(0.1)
    assert typing(0.1, answered=False, before="name_") == pytest.approx(0.1)
    assert typing(0.1, answered=False, before="os.") == pytest.approx(0.05)
    assert typing(0.4, answered=False) == 0.15


def test_no_wait_for_the_first_request_nor_after_a_pause() -> None:
    """Idle means at once."""
    assert typing(0.1, answered=False, strokes=1) == 0.0
    assert typing(2.0, answered=False) == 0.0


class Window:
    """A server in this process, whose service counts what reaches it."""

    def __init__(self, clock: Clock) -> None:
        self.service = ScriptedService("")
        self.front = create_server(lambda say: self.service, ServerSettings(command={"debounce_ms": 2000}))
        self.front.debounce = Debounce(clock)
        self.front.protocol.set_writer(self)
        self.replies: dict[int, Any] = {}

    def write(self, data: bytes) -> None:
        message = json.loads(data.partition(b"\r\n\r\n")[2])
        if "method" not in message:
            self.replies[message["id"]] = message.get("result")

    def close(self) -> None:
        """Nothing to close."""

    def say(self, method: str, params: Any, number: int | None = None) -> None:
        request = {} if number is None else {"id": number}
        message = {"jsonrpc": "2.0", "method": method, "params": params, **request}
        self.front.protocol.receive(json.dumps(message).encode())

    async def open(self, text: str) -> None:
        self.say("initialize", {"capabilities": {"textDocument": {"inlineCompletion": {}}}}, 0)
        self.say("initialized", {})
        document = {"uri": "file:///w/a.py", "languageId": "python", "version": 1, "text": text}
        self.say("textDocument/didOpen", {"textDocument": document})
        while self.front.service is None:
            await asyncio.sleep(0.001)

    def type(self, number: int, line: int, trigger: int = 2) -> None:
        """Change something and ask at the end of a line of four characters."""
        identifier = {"uri": "file:///w/a.py"}
        place = {"line": 9, "character": 0}
        change = {"range": {"start": place, "end": place}, "text": "x"}
        self.say("textDocument/didChange", {"textDocument": {**identifier, "version": 2}, "contentChanges": [change]})
        params = {"textDocument": identifier, "position": {"line": line, "character": 4}}
        self.say("textDocument/inlineCompletion", {**params, "context": {"triggerKind": trigger}}, number)


def test_what_the_next_keystroke_overtakes_never_reaches_the_engine() -> None:
    """Who asks explicitly does not wait, and the last of a row is asked for when its time has come."""

    async def main() -> None:
        clock = Clock()
        window = Window(clock)
        await window.open("hold\nhold\ncode\ncode\n")
        for number, (line, trigger) in enumerate([(0, 2), (1, 2), (3, 1), (2, 2)], start=1):
            clock.now += 0.1
            window.type(number, line, trigger)
            await asyncio.sleep(0.01)
        while len(window.replies) < 5:
            await asyncio.sleep(0.001)
        await window.front.close()
        assert window.service.calls == {"automatic": 2, "invoked": 1}
        assert [bool(window.replies[number]) for number in (1, 2, 3, 4)] == [False, False, True, True]

    asyncio.run(main())
