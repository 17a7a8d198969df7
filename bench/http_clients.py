"""The programs of `bench.http`, in a process of their own: they take no time from who measures beside them."""

from __future__ import annotations

import http.client
import json
import multiprocessing
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from typing import Any

TOKEN = "a-token-for-measurements"
PATIENCE_S = 60.0
GIVEN_UP = 0.25

# Code before and behind a cursor.
Place = tuple[str, str]


@dataclass
class Tally:
    """What became of the clients' requests.

    Attributes:
        statuses: Replies by status.
        given_up: Requests whose client hung up.
        lost: Requests that neither got a reply nor were given up, by what happened instead.
        reply_ms: Times of replies with status 200.
    """

    statuses: Counter[int] = field(default_factory=Counter)
    given_up: int = 0
    lost: Counter[str] = field(default_factory=Counter)
    reply_ms: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Server:
    """A running `verifill serve`.

    Attributes:
        pid: Its process.
        port: Where it listens.
    """

    pid: int
    port: int

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Send a request and return status and JSON of its reply."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            self.send(connection, method, path, body)
            reply = connection.getresponse()
            return reply.status, json.loads(reply.read())
        finally:
            connection.close()

    def send(self, connection: http.client.HTTPConnection, method: str, path: str, body: object) -> None:
        """Send a request over a connection."""
        data = None if body is None else json.dumps(body).encode()
        connection.request(method, path, data, {"Authorization": f"Bearer {TOKEN}"})


class Clients:
    """Programs that ask as long as they are let.

    Attributes:
        tally: What became of their requests, once they have ended.
        pid: Their process.
    """

    def __init__(self, server: Server, count: int, places: Sequence[Place]) -> None:
        """Start them; they ask about ``places``, and wait until they are let."""
        self.tally = Tally()
        self._server = server
        context = multiprocessing.get_context("spawn")
        self._going, self._ended, self._tallies = context.Event(), context.Event(), context.Queue()
        asked = (server, count, places, self._going, self._ended, self._tallies)
        self._process = context.Process(target=ask_all, args=asked, daemon=True)
        self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Let them ask; afterwards nothing of theirs is worked on any more."""
        self._going.set()
        yield
        self._going.clear()
        deadline = time.monotonic() + PATIENCE_S
        while self._server.ask("GET", "/v1/stats")[1]["active"] and time.monotonic() < deadline:
            time.sleep(0.05)

    def end(self) -> None:
        """End them, and take their tally."""
        self._ended.set()
        self._going.set()
        self.tally = self._tallies.get(timeout=2 * PATIENCE_S)
        self._process.join(PATIENCE_S)


def ask_all(
    server: Server, count: int, places: Sequence[Place], going: Event, ended: Event, tallies: Queue[Tally]
) -> None:
    """Be the process of the clients."""
    one = Client(server, places, going, ended)
    threads = [threading.Thread(target=one.ask_on, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tallies.put(one.tally)


class Client:
    """What each thread of the clients does."""

    def __init__(self, server: Server, places: Sequence[Place], going: Event, ended: Event) -> None:
        """Ask about ``places`` while ``going`` is set, until ``ended`` is."""
        self.tally = Tally()
        self._server, self._places = server, places
        self._going, self._ended, self._lock = going, ended, threading.Lock()

    def ask_on(self, number: int) -> None:
        """Ask until the end."""
        rng = random.Random(number)
        while self._going.wait() and not self._ended.is_set():
            path, body = self._request(rng)
            if rng.random() < GIVEN_UP:
                self._give_up(path, body, rng.uniform(0.0, 0.1))
            else:
                self._ask(path, body)

    def _request(self, rng: random.Random) -> tuple[str, dict[str, Any]]:
        """Return a request at some place, in some dialect."""
        before, behind = rng.choice(self._places)
        name = f"client_{rng.randrange(8)}.py"
        whole = {"path": name, "text": before + behind, "offset": len(before), "facts": "live"}
        return rng.choice((
            ("/v1/complete", whole),
            ("/v1/completions", {"prompt": before, "suffix": behind, "max_tokens": 32, "stream": True}),
            ("/v1/completions", {"segments": {"prefix": before, "suffix": behind, "filepath": name}}),
            ("/infill", {"input_prefix": before, "input_suffix": behind, "n_predict": 32}),
        ))  # fmt: skip

    def _ask(self, path: str, body: object) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=PATIENCE_S)
        begin = time.perf_counter()
        try:
            self._server.send(connection, "POST", path, body)
            reply = connection.getresponse()
            answer = reply.read()
        except (OSError, http.client.HTTPException) as error:
            self._lose(type(error).__name__)
            return
        finally:
            connection.close()
        if reply.status == 200 and b'data: {"error":' in answer:
            self._lose("stream that ended with an error")
            return
        with self._lock:
            self.tally.statuses[reply.status] += 1
            if reply.status == 200:
                self.tally.reply_ms.append(1000 * (time.perf_counter() - begin))
        if reply.status == 429:
            self._ended.wait(float(reply.headers["Retry-After"]) / 4)

    def _give_up(self, path: str, body: object, seconds: float) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=PATIENCE_S)
        try:
            self._server.send(connection, "POST", path, body)
            time.sleep(seconds)
        except OSError as error:
            self._lose(type(error).__name__)
            return
        finally:
            connection.close()
        with self._lock:
            self.tally.given_up += 1

    def _lose(self, how: str) -> None:
        with self._lock:
            self.tally.lost[how] += 1
