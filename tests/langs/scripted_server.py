"""A language server that does what the code says: ``python scripted_server.py LOG [sleepy|mute|broken]``.

What it does is in the receiver in front of the cursor: ``hang.``, ``die.``, ``garbage.``, ``number.``, ``many.``,
``list.``, ``null.``, ``error.``; ``noise.`` has it ask its client first.  ``echo.`` lists the words of the first line
as it sees it, ``others.`` those of all other files that are open, ``changes.`` what it heard of other files, ``open.``
how many files are open; all others have the member ``balance``.  ``f`` and ``deposit`` take two arguments.  Its number
is added to the file LOG.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from typing import Any

CAPABILITIES = {
    "textDocumentSync": 2,
    "completionProvider": {"triggerCharacters": ["."]},
    "definitionProvider": True,
    "signatureHelpProvider": {},
}


def main() -> None:
    """Serve until the end."""
    mode = sys.argv[2] if len(sys.argv) > 2 else ""
    with open(sys.argv[1], "a", encoding="ascii") as log:
        log.write(f"{os.getpid()}\n")
    if mode == "broken":
        sys.exit("the scripted server does not start")
    if mode == "sleepy":
        time.sleep(4)
    server = Server()
    while (message := read()) is not None:
        if mode != "mute":
            server.handle(message)


class Server:
    """What it knows of its client."""

    def __init__(self) -> None:
        """Know nothing."""
        self.texts: dict[str, str] = {}
        self.changes: list[str] = []

    def handle(self, message: dict[str, Any]) -> None:
        """Do what one message says."""
        method, params = message.get("method"), message.get("params") or {}
        if method == "textDocument/didOpen":
            self.texts[params["textDocument"]["uri"]] = params["textDocument"]["text"]
        elif method == "textDocument/didChange":
            for change in params["contentChanges"]:
                uri = params["textDocument"]["uri"]
                self.texts[uri] = changed(self.texts[uri], change)
        elif method == "initialized":
            send({"jsonrpc": "2.0", "method": "language/status", "params": {"type": "ServiceReady", "message": ""}})
        elif method == "workspace/didChangeWatchedFiles":
            self.changes += [f"change{change['type']}" for change in params["changes"]]
        elif method == "textDocument/didClose":
            del self.texts[params["textDocument"]["uri"]]
        elif method == "initialize":
            about = {"name": "scripted", "version": "version 1.2.3 of it"}
            reply(message, {"capabilities": CAPABILITIES, "serverInfo": about})
        elif method == "textDocument/completion":
            self.complete(message, params)
        elif method == "textDocument/signatureHelp":
            parameters = [{"label": "int amount"}, {"label": "int note"}]
            callee = word_before(self.texts, params)
            ways = [{"label": f"{callee}(int amount, int note)", "parameters": parameters}]
            reply(message, {"signatures": ways if callee in ("f", "deposit") else []})
        elif method == "textDocument/definition":
            place = {"uri": params["textDocument"]["uri"], "range": {"start": {"line": 0}, "end": {"line": 0}}}
            reply(message, [place])
        elif "id" in message and method is not None:
            reply(message, None)

    def complete(self, message: dict[str, Any], params: dict[str, Any]) -> None:
        """Answer, or not."""
        place, text = params["position"], self.texts[params["textDocument"]["uri"]]
        row = text.split("\n")[place["line"]].encode("utf-16-le")[: 2 * place["character"]].decode("utf-16-le")
        asked = re.split(r"\W", row.removesuffix("."))[-1] if row.endswith(".") else ""
        if asked == "hang":
            time.sleep(60)
        elif asked == "die":
            os._exit(3)
        elif asked == "garbage":
            send(b'{"jsonrpc": nonsense')
        elif asked == "noise":
            send({"jsonrpc": "2.0", "id": "one", "method": "workspace/configuration", "params": {"items": [{}]}})
            send({"jsonrpc": "2.0", "method": "window/logMessage", "params": {"type": 1, "message": "noise"}})
            sys.stderr.write("noise\n" * 10_000)
            reply(message, [{"label": "balance", "kind": 5}])
        elif asked == "error":
            send({"jsonrpc": "2.0", "id": message["id"], "error": {"code": -32603, "message": "no"}})
        else:
            names = re.findall(r"\w+", text.partition("\n")[0])
            uri = params["textDocument"]["uri"]
            others = " ".join(text.partition("\n")[0] for place, text in self.texts.items() if place != uri)
            results = {
                "number": 3,
                "null": None,
                "list": [{"label": "balance", "kind": 5}],
                "many": listed([f"name{number}" for number in range(5000)], True),
                "echo": listed(names, False),
                "others": listed(re.findall(r"\w+", others), False),
                "changes": listed(self.changes, False),
                "open": listed([f"open{len(self.texts)}"], False),
            }
            reply(message, results.get(asked, listed(["balance"], False)))


def word_before(texts: dict[str, str], params: dict[str, Any]) -> str:
    """Return the word that the bracket before a place stands behind."""
    place, text = params["position"], texts[params["textDocument"]["uri"]]
    return re.split(r"\W", text.split("\n")[place["line"]][: place["character"] - 1])[-1]


def listed(names: list[str], incomplete: bool) -> dict[str, Any]:
    """Return a list of completions."""
    return {"isIncomplete": incomplete, "items": [{"label": name, "kind": 5} for name in names]}


def changed(text: str, change: dict[str, Any]) -> str:
    """Apply an edit."""
    lines = text.split("\n")

    def offset(place: dict[str, int]) -> int:
        units = lines[place["line"]].encode("utf-16-le")[: 2 * place["character"]]
        return sum(len(line) + 1 for line in lines[: place["line"]]) + len(units.decode("utf-16-le"))

    begin, end = offset(change["range"]["start"]), offset(change["range"]["end"])
    return text[:begin] + change["text"] + text[end:]


def read() -> dict[str, Any] | None:
    """Return the next message, None at the end."""
    length = 0
    while (line := sys.stdin.buffer.readline().strip()) or not length:
        if not line:
            return None
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    value: dict[str, Any] = json.loads(sys.stdin.buffer.read(length))
    return value


def reply(message: dict[str, Any], result: object) -> None:
    """Answer a request."""
    send({"jsonrpc": "2.0", "id": message["id"], "result": result})


def send(message: dict[str, Any] | bytes) -> None:
    """Write a message."""
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    sys.stdout.buffer.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
