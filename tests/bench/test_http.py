"""The load generator counts every request once."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import uvicorn

from bench.http import ENGINE, SLABS, Burden, Watch, as_table, percentiles, places_in
from bench.http_clients import TOKEN, Clients, Server
from http_api.app import create_app
from tests.http_api.scripted import SETTINGS, ScriptedService

CODE = "".join(f"def f{n}():\n        return {n} + {n} + {n} + {n}\n\n\n" for n in range(30))


@pytest.fixture
def server() -> Iterator[Server]:
    """The app over a scripted service, on a real socket, with room for two requests."""
    app = create_app(ScriptedService, replace(SETTINGS, token=TOKEN, most_requests=2))
    running = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, access_log=False))
    thread = threading.Thread(target=running.run)
    thread.start()
    while not running.started:
        time.sleep(0.01)
    yield Server(os.getpid(), running.servers[0].sockets[0].getsockname()[1])
    running.should_exit = True
    thread.join()


def test_every_request_is_counted(server: Server, tmp_path: Path) -> None:
    """Replies, those given up and those lost make up all; nothing is left behind, and the watch has seen the limit."""
    file = tmp_path / "a.py"
    file.write_text(CODE)
    clients, watch = Clients(server, 6, places_in([file])), Watch(server, lambda: (30.0, 10.0))
    burden = Burden(clients=clients.pid, server=os.getpid())
    with burden.counting(), clients.asking():
        until(lambda: server.ask("GET", "/v1/stats")[1]["completions"] > 50 and len(watch.memory_mb) > 3)
    clients.end()
    watch.end()
    tally = clients.tally
    assert tally.lost == {}
    assert tally.statuses[200] == len(tally.reply_ms) > 0
    assert set(tally.statuses) <= {200, 429}
    assert tally.given_up > 0
    _, stats = server.ask("GET", "/v1/stats")
    assert (stats["active"], watch.active <= 2) == (0, True)
    assert {row[2:] for row in watch.memory_mb} == {(20.0, 10.0)}
    assert watch.growth(2) == pytest.approx(0.0, abs=1e-6)
    assert all(0 < share <= 2 for share in burden.shares().values())


def until(condition: Callable[[], bool]) -> None:
    """Wait until something is true; the clients' process takes a while to begin."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_what_grows_is_told_in_the_second_half(server: Server) -> None:
    """What came with warming up is no growth; a steady leak is, by the minute."""
    watch = Watch(server, lambda: (0.0, 0.0))
    watch.end()
    watch.memory_mb = [(t, 50.0, 400.0 + 3.0 * min(t, 30.0), t / 6) for t in range(60)]
    assert watch.growth(ENGINE) == pytest.approx(0.0, abs=1e-6)
    assert watch.growth(SLABS) == pytest.approx(10.0)
    assert watch.course(ENGINE) == (400.0, 490.0, 490.0)


def test_table() -> None:
    """What was seen stands beside what was wanted; a failure shows."""
    times = percentiles([100.0, 200.0, 300.0])
    numbers = {
        "clients": 32, "statuses": {"200": 7, "429": 2, "500": 1}, "given_up": 3, "lost": {"ConnectionResetError": 1},
        "reply_ms": times, "editor_alone_ms": times, "editor_beside_ms": percentiles([300.0]),
        "stages_alone_ms": {"decode": 5.0}, "stages_beside_ms": {"decode": 7.5}, "most_active": 16, "most_requests": 16,
        "active_at_the_end": 0, "busy": {"clients": 0.02, "server": 0.1, "engine": 0.9},
        "memory_course_mb": {"server": (50.0, 60.0, 61.0), "engine": (400.0, 480.0, 500.0), "slabs": (0.0, 90.0, 99.0)},
        "growth_mb_a_minute": {"server": 0.1, "engine": 2.0},
    }  # fmt: skip
    table = as_table(numbers)
    assert "| other replies | {'500': 1} | none |" in table
    assert "| lost | {'ConnectionResetError': 1} | none |" in table
    assert "| of the engine, without keys and values kept | 400, 480, 500 |" in table
    assert "without these | 0.1, 2.0 | flat: at most 0.6, 5.0 |" in table
    assert "| of a core, beside the clients: they, server, engine | 2%, 10%, 90% |" in table
    assert "| ratio of p50, p95 | 1.50, 1.03 | p50 at most 1.3 |" in table
    assert "| decode | 5.0 | 7.5 |" in table
