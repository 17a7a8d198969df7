"""The worker process around a language server: questions in, answers out, one JSON object a line.

It runs as a script in an environment of its own (``verifill languages add``), which holds multilspy and nothing
of Verifill: only the standard library and multilspy may be imported here, and so it is one file.

The first line that comes in names the server, with the keys of ``Wish``; the first that goes out is
``{"ready": "clangd 19.1.7"}`` or ``{"fatal": WHY}``.  Then every question has exactly one answer::

    {"ask": METHOD, "path": ..., "language": ..., "text": ..., "line": ..., "character": ...}
    {"result": ...}   {"error": WHY}   {"fatal": WHY}

``text`` is the whole buffer, which the server gets as an edit; no file is written.  Where other files that the user
has open are not what they were at the last question, ``"others": [[PATH, LANGUAGE, TEXT], ...]`` comes along.
Lines count from 0, characters are UTF-16 code units.  Of completions the result is
``{"items": [[TEXT, KIND], ...], "truncated": ...}``, of all else what the server said.  After "fatal", and at the end
of standard input, the process ends and takes the server with it.  Nothing of the user's code is logged or written, and
what the server prints is thrown away.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import itertools
import json
import logging
import math
import os
import re
import signal
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

METHODS = {"members": "completion", "signatures": "signatureHelp", "definitions": "definition"}

# Files of a project that are watched for changes; it is looked no more often than this.
MOST_WATCHED = 5000
UNWATCHED = frozenset({"node_modules", "target", "build", "dist", "vendor"})
LOOK_EVERY_S = 2.0
MOST_REOPENED = 50

# What is beyond is not read: nobody types behind a dot with so many names.
MOST_ITEMS = 4000


class ServerGone(Exception):
    """The server has ended, or is not to be believed any more; the message says which."""


@dataclass(frozen=True)
class Wish:
    """Which server to run, and how.

    Attributes:
        language: As multilspy calls it.
        root: The project folder.
        binary: The server's program, absolute.
        arguments: For the program.
        environment: Variables for the program.
        options: ``initializationOptions``, laid over those of multilspy.
        suffixes: Ends of the names of files that matter to the server, in lower case.
        whole: Whether the server calls lists incomplete that are not.
        reopens: Whether the server reads a file again only when it has been open.
        lags: Whether the server answers from what it has read of other files before, while it reads them again.
        plain: Whether to start the program without what multilspy knows of it.
        ready: The ``language/status`` by which such a server says that it is ready; "" if it is at once.
        start_s: Seconds that the start may take.
        answer_s: Seconds that an answer may take.
    """

    language: str
    root: str
    binary: str
    arguments: list[str]
    environment: dict[str, str]
    options: dict[str, Any]
    suffixes: list[str]
    whole: bool
    reopens: bool
    lags: bool
    plain: bool
    ready: str
    start_s: float
    answer_s: float


@dataclass(frozen=True)
class Buffer:
    """A file that is open in the server; it sees all others as they are on disk."""

    text: str
    version: int


def main() -> None:
    """Serve until standard input ends."""
    source, sink = claim_pipes()
    logging.disable(logging.CRITICAL)
    step_back()
    try:
        wish = Wish(**json.loads(source.readline()))
        asyncio.run(serve(wish, source, sink))
    finally:
        leave()


async def serve(wish: Wish, source: TextIO, sink: TextIO) -> None:
    """Start the server and answer questions."""
    lines = read_lines(source)
    try:
        client = Client(wish)
        async with client.running():
            say(sink, {"ready": client.server})
            async for line in lines:
                say(sink, await client.answer(json.loads(line)))
    except ServerGone as error:
        say(sink, {"fatal": str(error)})
    except Exception as error:  # noqa: BLE001  a process border; the message of a library may hold code
        say(sink, {"fatal": f"multilspy failed with {type(error).__name__}"})


class Client:
    """multilspy's view of one server."""

    def __init__(self, wish: Wish) -> None:
        """Prepare the server without starting it."""
        self.server = ""
        self._wish = wish
        self._gone: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._buffers: dict[str, Buffer] = {}
        self._others: dict[str, tuple[str, str]] = {}
        self._files = Watch(wish.root, tuple(wish.suffixes))
        self._language_server = language_server(wish)
        self._handler = self._language_server.server
        self._handler.logger = self._hear
        self._handler.process_launch_info.cmd = [*command(self._handler), *wish.arguments]
        self._handler.process_launch_info.env.update(wish.environment)
        self._initialize = self._handler.send.initialize
        self._handler.send.initialize = self._introduce

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Hold the server running.

        Raises:
            ServerGone: It does not start.
        """
        starting = self._language_server.start_server()
        self._files.changes()
        watching = asyncio.ensure_future(self._watch())
        try:
            await self._within(starting.__aenter__(), self._wish.start_s)
        except TimeoutError:
            raise ServerGone(f"the server was not ready within {self._wish.start_s:.0f} s") from None
        except FileNotFoundError:
            raise ServerGone("the server's program is not there") from None
        try:
            yield
        finally:
            watching.cancel()  # the process group ends with this process: no need to ask the server politely

    async def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        """Answer one question.

        Raises:
            ServerGone: See there.
        """
        if changes := self._files.changes():
            self._tell(changes)
        uri = Path(question["path"]).as_uri()
        if "others" in question:
            self._others = {Path(path).as_uri(): (language, text) for path, language, text in question["others"]}
            if self._wish.lags:
                self._show(self._others)  # the file itself is opened anew
        self._show({**self._others, uri: (question["language"], question["text"])})
        place = {
            "textDocument": {"uri": uri},
            "position": {"line": question["line"], "character": question["character"]},
        }
        number = self._handler.request_id
        asking = self._handler.send_request(f"textDocument/{METHODS[question['ask']]}", place)
        try:
            result = await self._within(asking, self._wish.answer_s)
        except TimeoutError:
            self._handler.send_notification("$/cancelRequest", {"id": number})
            return {"error": "slow"}
        except ServerGone:
            raise
        except Exception:  # noqa: BLE001  the server's own word for "no", which may quote code
            return {"error": "refused"}
        try:
            return {"result": trimmed(result, self._wish.whole) if question["ask"] == "members" else result}
        except (AttributeError, KeyError, TypeError):
            raise ServerGone("the server talks nonsense") from None

    async def _introduce(self, params: dict[str, Any]) -> Any:
        """Initialize the server with our options, and learn what it is."""
        # Nobody is asked what to watch: servers do it themselves, and are told of everything.
        params["capabilities"].get("workspace", {}).pop("didChangeWatchedFiles", None)
        params["initializationOptions"] = {**(params.get("initializationOptions") or {}), **self._wish.options}
        result = await self._initialize(params)
        self.server = title(result.get("serverInfo") or {})
        return result

    def _tell(self, changes: list[dict[str, Any]]) -> None:
        """Tell the server which files have changed."""
        self._handler.send_notification("workspace/didChangeWatchedFiles", {"changes": changes})
        if self._wish.reopens:
            for change in [change for change in changes if change["uri"] not in self._buffers][:MOST_REOPENED]:
                about = {"uri": change["uri"], "languageId": self._wish.language, "version": 1, "text": ""}
                self._handler.send_notification("textDocument/didOpen", {"textDocument": about})
                self._handler.send_notification("textDocument/didClose", {"textDocument": {"uri": change["uri"]}})

    def _show(self, texts: dict[str, tuple[str, str]]) -> None:
        """Have the server see these files, by URI, in these languages with these texts, and all others as on disk."""
        for uri in self._buffers.keys() - texts.keys():
            del self._buffers[uri]
            self._handler.send_notification("textDocument/didClose", {"textDocument": {"uri": uri}})
        for uri, (language, text) in texts.items():
            old = self._buffers.get(uri)
            if old is None:
                self._buffers[uri] = Buffer(text, 1)
                about = {"uri": uri, "languageId": language, "version": 1, "text": text}
                self._handler.send_notification("textDocument/didOpen", {"textDocument": about})
            elif old.text != text:
                self._buffers[uri] = Buffer(text, old.version + 1)
                about = {"uri": uri, "version": old.version + 1}
                changes = {"textDocument": about, "contentChanges": [edit(old.text, text)]}
                self._handler.send_notification("textDocument/didChange", changes)

    async def _within(self, work: Awaitable[Any], seconds: float) -> Any:
        """Return what ``work`` returns.

        Raises:
            TimeoutError: It takes longer.
            ServerGone: The server ends first.
        """
        task = asyncio.ensure_future(work)
        await asyncio.wait({task, self._gone}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        task.cancel()
        if self._gone.done():
            raise ServerGone(self._gone.result())
        raise TimeoutError

    async def _watch(self) -> None:
        """Notice when the server ends, or stops talking: multilspy itself would wait for ever."""
        while self._handler.process is None:
            await asyncio.sleep(0.005)
        ending = asyncio.ensure_future(self._handler.process.wait())
        reading = self._handler.tasks[0]
        await asyncio.wait({ending, reading}, return_when=asyncio.FIRST_COMPLETED)
        self._lose("the server has ended")

    def _hear(self, source: str, target: str, message: object) -> None:
        """Notice what multilspy drops without a word."""
        if target == "logger" and str(message).startswith("malformed"):
            self._lose("the server talks nonsense")

    def _lose(self, why: str) -> None:
        if not self._gone.done():
            self._gone.set_result(why)


class Watch:
    """Looks for changes in a project's files, which servers want to be told of."""

    def __init__(self, root: str, suffixes: tuple[str, ...]) -> None:
        """Know no files yet."""
        self._root = root
        self._suffixes = suffixes
        self._known: dict[str, int] = {}
        self._looked = -math.inf

    def changes(self) -> list[dict[str, Any]]:
        """Return what has changed since the last call, as the protocol has it: created 1, changed 2, deleted 3."""
        if time.monotonic() < self._looked + LOOK_EVERY_S:
            return []
        found = dict(itertools.islice(self._files(), MOST_WATCHED))
        known, self._known, self._looked = self._known, found, time.monotonic()
        kinds = {path: 2 if path in known else 1 for path, stamp in found.items() if known.get(path) != stamp}
        kinds.update((path, 3) for path in known.keys() - found.keys())
        return [{"uri": Path(path).as_uri(), "type": kind} for path, kind in kinds.items()]

    def _files(self) -> Iterator[tuple[str, int]]:
        """Yield the project's files with the time of their last change."""
        for folder, folders, names in os.walk(self._root):
            folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in UNWATCHED)
            for name in names:
                if name.lower().endswith(self._suffixes):
                    path = os.path.join(folder, name)
                    with contextlib.suppress(OSError):
                        yield path, os.stat(path).st_mtime_ns


class Silent:
    """multilspy's logger; its own looks through the stack for each line, and the lines quote code."""

    def log(self, *message: object) -> None:
        """Forget the message."""


def language_server(wish: Wish) -> Any:
    """Return multilspy's object for a server, not started.

    Raises:
        ServerGone: multilspy cannot find the server's program.
    """
    multilspy = importlib.import_module("multilspy.language_server")
    config = importlib.import_module("multilspy.multilspy_config").MultilspyConfig(
        code_language=wish.language,
        start_independent_lsp_process=False,  # it belongs to this process's group, and ends with it
        server_binary=wish.binary,
    )
    if wish.plain:
        return plain_server(multilspy, config, wish)
    try:
        return multilspy.LanguageServer.create(config, Silent(), wish.root)
    except Exception as error:  # noqa: BLE001  multilspy raises anything where a program is missing
        raise ServerGone(f"multilspy does not find the server ({type(error).__name__})") from None


def plain_server(multilspy: Any, config: Any, wish: Wish) -> Any:
    """Return a server that multilspy would download: it is started as it was installed."""
    launch = importlib.import_module("multilspy.lsp_protocol_handler.server").ProcessLaunchInfo

    class Installed(multilspy.LanguageServer):  # type: ignore[misc]
        @contextlib.asynccontextmanager
        async def start_server(self) -> AsyncIterator[Any]:
            ready = asyncio.Event()

            async def heard(status: Any) -> None:
                if status["type"] == wish.ready:
                    ready.set()

            async with super().start_server():
                for method in ("client/registerCapability", "window/workDoneProgress/create"):
                    self.server.on_request(method, nothing)
                self.server.on_notification("language/status", heard)
                await self.server.start()
                root = Path(wish.root).as_uri()
                folder = {"uri": root, "name": Path(wish.root).name}
                about = {"processId": os.getpid(), "rootUri": root, "workspaceFolders": [folder], "capabilities": {}}
                await self.server.send.initialize(about)
                self.server.notify.initialized({})
                if wish.ready:
                    await ready.wait()
                yield self

    return Installed(config, Silent(), wish.root, launch(cmd=[wish.binary], cwd=wish.root), wish.language)


async def nothing(params: object) -> None:
    """Answer what a server asks of its client."""


def command(handler: Any) -> list[str]:
    """Return how multilspy starts a server: for some a list, for some one word."""
    words = handler.process_launch_info.cmd
    return [words] if isinstance(words, str) else list(words)


def title(about: dict[str, Any]) -> str:
    """Return what a server says it is, as in "clangd 19.1.7"; "" if it says nothing.

    Some tell their version in a sentence, gopls in an object of everything that it was built from.
    """
    version = str(about.get("version") or "")
    with contextlib.suppress(ValueError, AttributeError):
        version = str(json.loads(version).get("Version"))
    found = re.search(r"\d+(\.\d+)+", version)
    return f"{about.get('name') or ''} {found[0] if found else version.partition(' ')[0]}".strip()


def trimmed(result: Any, whole: bool = False) -> dict[str, Any]:
    """Return of a completion what names are made of: the text that an item inserts, and its kind.

    Args:
        result: What the server said.
        whole: Whether not to believe it when it calls its list incomplete.

    Raises:
        AttributeError, KeyError, TypeError: It is no answer to that question.
    """
    listed = {"items": result or []} if result is None or isinstance(result, list) else result
    items = listed["items"]
    cut = len(items) > MOST_ITEMS or (bool(listed.get("isIncomplete")) and not whole)
    texts = [[inserted(item), item.get("kind", 0)] for item in items[:MOST_ITEMS]]
    return {"items": texts, "truncated": cut}


def inserted(item: dict[str, Any]) -> str:
    """Return the text that a completion item stands for."""
    edit = item.get("textEdit") or {}
    return str(edit.get("newText") or item.get("insertText") or item["label"])


def edit(old: str, new: str) -> dict[str, Any]:
    """Return the change from one text to another: what differs between their common beginning and end."""
    shortest = min(len(old), len(new))
    begin = 0
    while begin < shortest and old[begin] == new[begin]:
        begin += 1
    end = 0
    while end < shortest - begin and old[len(old) - 1 - end] == new[len(new) - 1 - end]:
        end += 1
    stop = len(old) - end
    # A carriage return and its line feed are one line end: no change may begin or stop between them.
    if begin and old[begin - 1] == "\r":
        begin -= 1
    if end and stop < len(old) and old[stop] == "\n":
        end -= 1
        stop += 1
    return {"range": {"start": position(old, begin), "end": position(old, stop)}, "text": new[begin : len(new) - end]}


def position(text: str, offset: int) -> dict[str, int]:
    """Return the place of an offset; lines end at ``\\n``, ``\\r\\n`` and ``\\r``."""
    before = text[:offset]
    pairs = before.count("\r\n")
    line = before.count("\n") + before.count("\r") - pairs
    start = max(before.rfind("\n"), before.rfind("\r")) + 1
    return {"line": line, "character": len(before[start:].encode("utf-16-le", "surrogatepass")) // 2}


async def read_lines(source: TextIO) -> AsyncIterator[str]:
    """Yield the lines of standard input; a thread waits for them, which works for pipes on every system."""
    loop, lines = asyncio.get_running_loop(), asyncio.Queue[str]()

    def read() -> None:
        for line in source:
            loop.call_soon_threadsafe(lines.put_nowait, line)
        leave()

    threading.Thread(target=read, daemon=True).start()
    while True:
        yield await lines.get()


def leave() -> None:
    """End, and take the server and its children along."""
    if os.name == "nt":
        os._exit(0)  # their pipes close, and servers end by themselves
    os.killpg(0, signal.SIGKILL)


def claim_pipes() -> tuple[TextIO, TextIO]:
    """Take standard input and output for the protocol; what libraries and the server print goes nowhere."""
    source = os.fdopen(os.dup(0), encoding="utf-8", newline="\n")
    sink = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    quiet = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(quiet, descriptor)
    return source, sink


def step_back() -> None:
    """Let everything else on the machine go first, where the system can; the server inherits it."""
    if hasattr(os, "nice"):
        os.nice(19)


def say(sink: TextIO, message: dict[str, Any]) -> None:
    """Write one line."""
    sink.write(json.dumps(message) + "\n")
    sink.flush()


if __name__ == "__main__":
    main()
