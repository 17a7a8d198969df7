"""Clients that ask for nothing, or never to the end, over real sockets; what others ask for is answered meanwhile."""

from __future__ import annotations

import gc
import http.client
import json
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from http_api import bodies
from http_api.app import create_app
from http_api.connections import MOST_FILES, Connection, allow_many
from http_api.server import Server, config_of
from tests.http_api.scripted import SETTINGS, TOKEN, ScriptedService

LOOK_S = 0.3
PATIENCE = 20.0
IDLE = 300
RESET = 20
AT_ONCE = struct.pack("ii", 1, 0)  # linger for no time: what is closed like this is reset
HEAD = f"Host: 127.0.0.1\r\nAuthorization: Bearer {TOKEN}\r\n"


@pytest.fixture
def service() -> ScriptedService:
    return ScriptedService()


@pytest.fixture
def port(service: ScriptedService, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Of the app, served as `verifill serve` does it, with little patience."""
    monkeypatch.setattr(Connection, "patience_s", LOOK_S)
    monkeypatch.setattr(bodies, "BODY_S", LOOK_S)
    app = create_app(lambda: service, SETTINGS)
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        server = Server(config_of(app), app.state.desk)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        deadline = time.monotonic() + PATIENCE
        while not (server.started and app.state.desk.service) and time.monotonic() < deadline:
            time.sleep(0.01)
        yield listener.getsockname()[1]
        server.should_exit = True
        thread.join(PATIENCE)
        assert not thread.is_alive()


def connected(port: int) -> socket.socket:
    """Return a connection."""
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)


def completes(port: int, word: str = "x") -> int:
    """Return the status of a completion."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    with closing(connection):
        body = json.dumps({"path": "a.py", "text": word, "offset": len(word)})
        connection.request("POST", "/v1/complete", body, {"Authorization": f"Bearer {TOKEN}"})
        return connection.getresponse().status


def test_connections_that_ask_for_nothing_are_closed(port: int) -> None:
    """Also many at once; and whoever asks meanwhile is answered."""
    idle = [connected(port) for _ in range(IDLE)]
    assert completes(port) == 200
    for connection in idle:
        with closing(connection):
            assert connection.recv(1) == b""


def test_a_request_that_drips_is_not_waited_for(port: int) -> None:
    """Headers that come byte by byte keep a connection open no longer than silence does."""
    with closing(connected(port)) as connection:
        began = time.monotonic()
        with pytest.raises(OSError):  # noqa: PT011 -- reset, or a broken pipe
            while time.monotonic() < began + PATIENCE:
                connection.sendall(b"GET /health HTTP/1.1\r\nX: " if time.monotonic() == began else b"x")
                time.sleep(LOOK_S / 6)


def test_a_body_that_does_not_come_is_not_waited_for(port: int) -> None:
    """Who promises more than comes is told so."""
    with closing(connected(port)) as connection:
        connection.sendall(f"POST /v1/complete HTTP/1.1\r\n{HEAD}Content-Length: 100\r\n\r\n{{".encode())
        reply = http.client.HTTPResponse(connection)
        reply.begin()
        assert reply.status == 408
        assert b"has not come" in reply.read()
        assert connection.recv(1) == b""


def test_whoever_waits_for_an_answer_is_not_shut_out(port: int, service: ScriptedService) -> None:
    """However long it takes: looks at the connection pass it by, and it may ask again afterwards."""
    with closing(connected(port)) as connection:
        body = json.dumps({"path": "a.py", "text": "hold", "offset": 4}).encode()
        request = f"POST /v1/complete HTTP/1.1\r\n{HEAD}Content-Length: {len(body)}\r\n\r\n".encode() + body
        connection.sendall(request)
        connection.settimeout(4 * LOOK_S)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        assert service.fired == 0


def test_one_who_hangs_up_in_the_middle_of_a_stream_is_given_up(port: int, service: ScriptedService) -> None:
    """A storm of them leaves nothing behind, and room for the next."""
    body = json.dumps({"path": "a.py", "text": "hold", "offset": 4, "stream": True}).encode()
    request = f"POST /v1/complete HTTP/1.1\r\n{HEAD}Content-Length: {len(body)}\r\n\r\n".encode() + body
    for number in range(3 * SETTINGS.most_requests):
        with closing(connected(port)) as connection:
            connection.sendall(request)
            if number % 2:
                connection.shutdown(socket.SHUT_WR)
    deadline = time.monotonic() + PATIENCE
    while completes(port) != 200:
        assert time.monotonic() < deadline
    assert len(service.asked) == service.fired + 1


def test_a_connection_that_is_reset_leaves_nothing_behind(port: int) -> None:
    """None waits for the garbage collector with all that was asked on it."""
    gc.collect()
    gc.disable()
    try:
        for _ in range(RESET):
            with closing(connected(port)) as connection:
                connection.sendall(f"GET /health HTTP/1.1\r\n{HEAD}\r\n".encode())
                assert connection.recv(4096).startswith(b"HTTP/1.1 200")
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        deadline = time.monotonic() + PATIENCE
        while any(type(thing) is Connection for thing in gc.get_objects()):
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        gc.enable()


def test_the_system_lets_a_server_have_many_connections() -> None:
    """As many as it allows, up to what is enough."""
    resource = pytest.importorskip("resource", reason="Windows has no such limit")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
        allow_many()
        now, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        assert now == (MOST_FILES if hard == resource.RLIM_INFINITY else min(MOST_FILES, hard))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
