"""A language client that sees every message: it speaks the framing itself, over real pipes."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
# Nothing here measures time; this only ends a test whose server is stuck.
PATIENCE = 60.0

Message = dict[str, Any]


class Client:
    """One server process and its client; `close` checks that every request had exactly one reply."""

    def __init__(self, command: Sequence[str]) -> None:
        """Start the server from the root of the repository."""
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.received: list[Message] = []
        self.stderr: list[str] = []
        self._sent: list[int] = []
        self._unread: list[Message] = []
        self._inbox: queue.Queue[Message | None] = queue.Queue()
        self._events: queue.Queue[str | None] = queue.Queue()
        self._threads = [threading.Thread(target=run, daemon=True) for run in (self._read, self._read_stderr)]
        for thread in self._threads:
            thread.start()

    def send_bytes(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def send(self, message: Message) -> None:
        """Send a message."""
        self.send_bytes(frame(message))

    def notify(self, method: str, params: Any = None) -> None:
        """Send a notification."""
        self.send({"method": method, "params": params})

    def request(self, method: str, params: Any = None) -> int:
        """Send a request and return its id."""
        self._sent.append(number := len(self._sent) + 1)
        self.send({"id": number, "method": method, "params": params})
        return number

    def cancel(self, number: int) -> None:
        """Cancel a request."""
        self.notify("$/cancelRequest", {"id": number})

    def reply(self, number: int | str | None) -> Message:
        """Wait for the reply to a request; None for one to a request that could not be read."""
        return self._wait(lambda m: "method" not in m and m.get("id") == number)

    def ask(self, method: str, params: Any = None) -> Any:
        """Send a request and return its result."""
        return self.reply(self.request(method, params))["result"]

    def notification(self, method: str, params: Any = None) -> Message:
        """Wait for a notification, with these parameters if any are named."""
        return self._wait(lambda m: m.get("method") == method and params in (None, m["params"]))["params"]

    def asked(self, method: str) -> Message:
        """Wait for a request of the server's, and return it whole."""
        return self._wait(lambda m: m.get("method") == method and "id" in m)

    def respond(self, request: Message, result: Any) -> None:
        """Reply to a request of the server's."""
        self.send({"id": request["id"], "result": result})

    def notifications(self, method: str) -> list[Any]:
        """Return the parameters of those that have arrived."""
        self._drain()
        return [message["params"] for message in self.received if message.get("method") == method]

    def event(self, wanted: str) -> None:
        """Wait until the scripted service has written a line to standard error."""
        while (line := self._events.get(timeout=PATIENCE)) != wanted:
            assert line is not None, f"the server ended before {wanted!r}: {self.stderr}"

    def initialize(self, *encodings: str, **params: Any) -> Message:
        """Shake hands and return the result."""
        general = {"positionEncodings": encodings} if encodings else {}
        result = self.ask("initialize", {"processId": None, "capabilities": {"general": general}, **params})
        self.notify("initialized", {})
        return result

    def ready(self, *encodings: str, **params: Any) -> Message:
        """Shake hands and wait until the service is loaded."""
        result = self.initialize(*encodings, **params)
        self._wait(lambda m: m.get("method") == "didChangeStatus" and not m["params"]["busy"])
        return result

    def open(self, uri: str, text: str, language: str = "python") -> None:
        """Open a document."""
        item = {"uri": uri, "languageId": language, "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def change(self, uri: str, *changes: Message, version: int = 2) -> None:
        """Change a document."""
        identifier = {"uri": uri, "version": version}
        self.notify("textDocument/didChange", {"textDocument": identifier, "contentChanges": changes})

    def complete(self, uri: str, line: int, character: int, trigger: int = 2, **context: Any) -> int:
        """Request an inline completion and return the request's id."""
        params = {
            "textDocument": {"uri": uri},
            "position": {"line": line, "character": character},
            "context": {"triggerKind": trigger, **context},
        }
        return self.request("textDocument/inlineCompletion", params)

    def close(self) -> int:
        """Leave as the protocol wants it; return the exit code."""
        if self.process.poll() is None and not self.process.stdin.closed:
            self.reply(self.request("shutdown"))
            self.notify("exit")
        return self.wait()

    def wait(self) -> int:
        """Wait for the process to end, check the replies and return the exit code."""
        self.process.stdin.close()
        code = self.process.wait(PATIENCE)
        for thread in self._threads:
            thread.join(PATIENCE)
        self.process.stdout.close()
        self.process.stderr.close()
        self._drain()
        replies = Counter(message["id"] for message in self.received if "method" not in message)
        for number in [number for number in replies if not isinstance(number, int)]:
            del replies[number]
        assert replies == Counter(self._sent)
        return code

    def _wait(self, fits: Callable[[Message], bool]) -> Message:
        """Return the first message that fits and has not been returned before."""
        self._drain()
        while not (fitting := [message for message in self._unread if fits(message)]):
            assert self._take(), f"the server ended before it said that: {self.stderr}"
        self._unread.remove(fitting[0])
        return fitting[0]

    def _drain(self) -> None:
        """Take what has arrived."""
        while not self._inbox.empty() and self._take():
            continue

    def _take(self) -> bool:
        """Take the next message; False at the end."""
        message = self._inbox.get(timeout=PATIENCE)
        if message is None:
            self._inbox.put(None)
            return False
        self.received.append(message)
        self._unread.append(message)
        return True

    def _read(self) -> None:
        for message in _messages(self.process.stdout):
            self._inbox.put(message)
        self._inbox.put(None)

    def _read_stderr(self) -> None:
        for line in self.process.stderr:
            self.stderr.append(line.decode().rstrip())
            self._events.put(self.stderr[-1])
        self._events.put(None)


def frame(message: Message) -> bytes:
    """Return the bytes of a message."""
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def _messages(stream: Any) -> Iterator[Message]:
    """Yield messages, strictly as the protocol has them: a stray byte fails the test."""
    while header := stream.readline():
        assert header.startswith(b"Content-Length: "), header
        length = int(header.split(b":")[1])
        while (line := stream.readline()) != b"\r\n":
            assert line.startswith(b"Content-Type: "), line
        yield json.loads(stream.read(length))
