"""An editor's window as the measuring programs need it: `verifill lsp` on real pipes, every message with its moment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

Message = dict[str, Any]

COMMAND = (sys.executable, "-m", "verifill", "lsp")
# Ends a measurement whose server is stuck.
PATIENCE_S = 120.0


class Window:
    """One server process and the client at its other end.

    Attributes:
        process: The server.
        replies: How often each request was replied to.
        notices: Notifications of the server, in order.
    """

    def __init__(self, folder: Path, command: Sequence[str] = COMMAND, **environment: str) -> None:
        """Start the server in ``folder`` and shake hands."""
        self.process = subprocess.Popen(
            command, cwd=folder, env={**os.environ, **environment}, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.replies: Counter[int] = Counter()
        self.notices: list[Message] = []
        self._sent = 0
        self._arrived: dict[int, tuple[Message, float]] = {}
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        root = folder.as_uri()
        self.ask("initialize", {
            "processId": os.getpid(),
            "capabilities": {"textDocument": {"inlineCompletion": {}}},
            "workspaceFolders": [{"uri": root, "name": folder.name}],
            "trace": "verbose",
        })  # fmt: skip
        self.notify("initialized", {})

    def wait_until_ready(self) -> None:
        """Wait for the model.

        Raises:
            RuntimeError: It cannot be loaded, or not in time.
        """
        with self._news:
            if not self._news.wait_for(self._is_ready, PATIENCE_S):
                raise RuntimeError("the language server has not become ready")

    def notify(self, method: str, params: Any) -> None:
        """Send a notification."""
        self._send({"method": method, "params": params})

    def request(self, method: str, params: Any) -> int:
        """Send a request and return its id."""
        self._sent += 1
        self._send({"id": self._sent, "method": method, "params": params})
        return self._sent

    def reply(self, number: int) -> tuple[Message, float]:
        """Wait for a reply and return it with the moment when it had been read.

        Raises:
            RuntimeError: There is none in time.
        """
        with self._news:
            if not self._news.wait_for(lambda: number in self._arrived, PATIENCE_S):
                raise RuntimeError(f"request {number} has not been replied to")
            return self._arrived.pop(number)

    def ask(self, method: str, params: Any) -> Any:
        """Send a request and return its result.

        Raises:
            RuntimeError: The reply is an error.
        """
        message, _ = self.reply(self.request(method, params))
        if "error" in message:
            raise RuntimeError(message["error"]["message"])
        return message["result"]

    def open(self, uri: str, text: str) -> None:
        """Open a document."""
        item = {"uri": uri, "languageId": "python", "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def edit(self, uri: str, start: Message, end: Message, text: str, version: int) -> None:
        """Replace a part of a document."""
        change = {"range": {"start": start, "end": end}, "text": text}
        identifier = {"uri": uri, "version": version}
        self.notify("textDocument/didChange", {"textDocument": identifier, "contentChanges": [change]})

    def complete(self, uri: str, place: Message, automatic: bool = True) -> int:
        """Ask for an inline completion and return the request's id."""
        context = {"triggerKind": 2 if automatic else 1}
        params = {"textDocument": {"uri": uri}, "position": place, "context": context}
        return self.request("textDocument/inlineCompletion", params)

    def leave(self) -> int:
        """Leave as the protocol wants it, check that each request had exactly one reply, and return the exit code.

        Raises:
            RuntimeError: One had none, or two.
        """
        self.ask("shutdown", None)
        self.notify("exit", None)
        self._stdin.close()
        code = self.process.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)
        if self.replies != Counter(range(1, self._sent + 1)):
            raise RuntimeError("not every request had exactly one reply")
        return code

    @property
    def _stdin(self) -> IO[bytes]:
        assert self.process.stdin is not None
        return self.process.stdin

    def _is_ready(self) -> bool:
        statuses = [notice["params"] for notice in self.notices if notice["method"] == "didChangeStatus"]
        return any(not status["busy"] for status in statuses)

    def _send(self, message: Message) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._stdin.flush()

    def _read(self) -> None:
        stream = self.process.stdout
        assert stream is not None
        while header := stream.readline():
            while (line := stream.readline()) != b"\r\n":
                header = header if header.startswith(b"Content-Length") else line
            message, moment = json.loads(stream.read(int(header.split(b":")[1]))), time.perf_counter()
            with self._news:
                if "id" not in message:
                    self.notices.append(message)
                elif "method" not in message:
                    self.replies[message["id"]] += 1
                    self._arrived[message["id"]] = message, moment
                self._news.notify_all()
            if "id" in message and "method" in message:
                self._send({"id": message["id"], "result": None})
