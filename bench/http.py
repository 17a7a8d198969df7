"""Many programs at once over HTTP, and what an editor beside them feels of it.

    python -m bench.http [--seconds 60] [--clients 32] [--files 6] [--characters 30] [--out FOLDER]

`verifill serve` and `verifill lsp` share an engine.  Files of the standard library are typed into an editor's
window (`bench.lsp`), each twice: alone, and while the clients ask as fast as they are answered, in all dialects;
a quarter of the requests is given up after a few milliseconds.  Which of the two comes first alternates, and each
has a window of its own, so that nothing that a window keeps helps the other.

Wanted: no reply but 200 and 429, none lost, never more requests admitted than the limit, all of them gone at the
end, the editor's median within 1.3 times that of typing alone, and memory flat: in the second half of the time the
server grows, and the engine without the keys and values that it keeps for later requests, by at most a hundredth a
minute.  Those fill the room that they may take as long as new places are asked about, and are told apart.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import track

from bench.common import RESULTS, markdown, write_results
from bench.http_clients import PATIENCE_S, TOKEN, Clients, Place, Server
from bench.keystrokes import places, typed
from bench.lsp import Answer, own_engine, replay, resident_mb
from bench.window import Window
from completion.hosts import control
from completion.hosts.run_folder import EngineFiles, engines, run_folder

PLACES_A_FILE = 3
CHARACTERS = 30
PAUSE_MS = 100.0
WANTED_RATIO = 1.3

# Memory is flat if it grows by at most this share of itself a minute.
FLAT = 0.01

# What of it is told, by its column in ``Watch.memory_mb``.
SERVER, ENGINE, SLABS = 1, 2, 3


def places_in(files: Sequence[Path]) -> list[Place]:
    """Return cursors of somebody who types in some files, at several places of each."""
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in files]
    seeds = range(PLACES_A_FILE)
    states = (state for text in texts for seed in seeds for state in typed(text, CHARACTERS, random.Random(seed)))
    return [(state.before, state.behind) for state in states]


class Watch:
    """Looks at the server and the engine once a second.

    Attributes:
        active: Most requests that were worked on at once.
        memory_mb: (seconds, server, engine without slabs, slabs) of each look.
    """

    def __init__(self, server: Server, engine: Callable[[], tuple[float, float]]) -> None:
        """Begin; ``engine`` returns its memory and that of its slabs, MB."""
        self.active = 0
        self.memory_mb: list[tuple[float, float, float, float]] = []
        self._server, self._engine, self._ended = server, engine, threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def end(self) -> None:
        """End."""
        self._ended.set()
        self._thread.join()

    def growth(self, column: int) -> float:
        """Return how fast memory grew in the second half, MB a minute."""
        half = self.memory_mb[len(self.memory_mb) // 2 :]
        return float(60 * np.polyfit([row[0] for row in half], [row[column] for row in half], 1)[0])

    def course(self, column: int) -> tuple[float, float, float]:
        """Return memory at the start, when the second half begins, and at the end, MB."""
        rows = self.memory_mb
        return rows[0][column], rows[len(rows) // 2][column], rows[-1][column]

    def _look(self) -> None:
        begin = time.monotonic()
        while not self._ended.wait(1.0):
            _, stats = self._server.ask("GET", "/v1/stats")
            self.active = max(self.active, stats["active"])
            whole, slabs = self._engine()
            self.memory_mb.append((time.monotonic() - begin, resident_mb(self._server.pid), whole - slabs, slabs))


class Burden:
    """Counts the processor time of processes while it is wanted.

    Attributes:
        seconds: Of the wall.
        busy: Seconds of a core, by name.
    """

    def __init__(self, **pids: int) -> None:
        """Count those of some processes."""
        self.seconds = 0.0
        self.busy = dict.fromkeys(pids, 0.0)
        self._pids = pids

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Count meanwhile."""
        begin, before = time.monotonic(), {name: busy_s(pid) for name, pid in self._pids.items()}
        yield
        self.seconds += time.monotonic() - begin
        for name, pid in self._pids.items():
            self.busy[name] += busy_s(pid) - before[name]

    def shares(self) -> dict[str, float]:
        """Return what share of a core each took."""
        return {name: busy / self.seconds for name, busy in self.busy.items()}


def busy_s(pid: int) -> float:
    """Return the seconds that a process has computed."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_of(files: EngineFiles) -> tuple[float, float]:
    """Return an engine's memory and that of its slabs, MB."""
    status = control.status_of(files)
    assert status is not None, "the engine runs"
    return status["memory_bytes"] / 2**20, status["service"]["slabs"]["bytes"] / 2**20


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """Run `verifill serve` in a folder."""
    with tempfile.NamedTemporaryFile("w", prefix="vf-token-") as token:
        token.write(TOKEN)
        token.flush()
        command = [sys.executable, "-m", "verifill", "serve", "--port", "0", "--token-file", token.name]
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
        process = subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True)
        try:
            said = process.stderr
            assert said is not None
            ready = next(found for line in said if (found := re.search(r"ready at \S+:(\d+)$", line)))
            # Its warnings are read, too: a program that nobody listens to comes to a halt.
            threading.Thread(target=deque, args=(said, 0), daemon=True).start()
            yield Server(process.pid, int(ready[1]))
        finally:
            process.terminate()
            process.wait(PATIENCE_S)


def main() -> None:
    """Measure, print and write the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0, help="with clients, at least")
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--files", type=int, default=6, help="typed into")
    parser.add_argument("--characters", type=int, default=30, help="typed into each file")
    parser.add_argument("--seed", type=int, default=9, help="of the choice of files")
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.set_defaults(pause_ms=PAUSE_MS)
    options = parser.parse_args()
    with own_engine() as folder, serving(folder) as server:
        numbers = measure(folder, server, options)
    table = as_table(numbers)
    print(table)
    write_results("http", numbers, table, options.out)


def measure(folder: Path, server: Server, options: argparse.Namespace) -> dict[str, Any]:
    """Type alone and beside the clients, and return what was seen."""
    (files,) = engines(run_folder())
    record = files.read_record()
    assert record is not None
    chosen = places(options.files + 8, options.seed)
    clients = Clients(server, options.clients, places_in(chosen[options.files :]))
    watch = Watch(server, partial(memory_of, files))
    burden = Burden(clients=clients.pid, server=server.pid, engine=record.pid)
    alone: list[Answer] = []
    beside: list[Answer] = []

    try:
        for number, path in enumerate(track(chosen[: options.files], "typing")):
            if number % 2:
                alone += type_into(folder, path, options)
            with burden.counting(), clients.asking():
                beside += type_into(folder, path, options)
            if not number % 2:
                alone += type_into(folder, path, options)
        with burden.counting(), clients.asking():
            time.sleep(max(0.0, options.seconds - burden.seconds))
        busy = burden.shares()
    finally:
        clients.end()
        watch.end()
    _, stats = server.ask("GET", "/v1/stats")
    tally = clients.tally
    return {
        "clients": options.clients,
        "statuses": {str(status): count for status, count in sorted(tally.statuses.items())},
        "given_up": tally.given_up,
        "lost": dict(tally.lost),
        "reply_ms": percentiles(tally.reply_ms),
        "editor_alone_ms": percentiles([answer.ms for answer in alone if answer.stages]),
        "editor_beside_ms": percentiles([answer.ms for answer in beside if answer.stages]),
        "stages_alone_ms": stages(alone),
        "stages_beside_ms": stages(beside),
        "most_active": watch.active,
        "most_requests": stats["most_requests"],
        "active_at_the_end": stats["active"],
        "memory_mb": watch.memory_mb,
        "memory_course_mb": {
            "server": watch.course(SERVER),
            "engine": watch.course(ENGINE),
            "slabs": watch.course(SLABS),
        },
        "growth_mb_a_minute": {"server": watch.growth(SERVER), "engine": watch.growth(ENGINE)},
        "busy": busy,
        "load_average": os.getloadavg(),
    }


def type_into(folder: Path, path: Path, options: argparse.Namespace) -> list[Answer]:
    """Type into a file in a window of its own."""
    window = Window(folder)
    window.wait_until_ready()
    answers = list(replay(window, path, options))
    window.leave()
    return answers


def percentiles(times: Sequence[float]) -> dict[str, float]:
    """Return how many there are, p50, p95 and p99."""
    shares = np.percentile(times, (50, 95, 99)) if times else (float("nan"),) * 3
    return {"n": len(times), **dict(zip(("p50", "p95", "p99"), map(float, shares), strict=True))}


def stages(answers: Sequence[Answer]) -> dict[str, float]:
    """Return the median of each stage of the engine's work."""
    worked = [answer.stages for answer in answers if answer.stages]
    names = sorted({name for one in worked for name in one})
    return {name: float(np.median([one.get(name, 0.0) for one in worked])) for name in names}


def as_table(numbers: dict[str, Any]) -> str:
    """Return what was seen beside what was wanted, and where the editor's time went."""
    alone, beside, reply = numbers["editor_alone_ms"], numbers["editor_beside_ms"], numbers["reply_ms"]
    statuses, growth, course = numbers["statuses"], numbers["growth_mb_a_minute"], numbers["memory_course_mb"]
    others = {status: count for status, count in statuses.items() if status not in ("200", "429")}
    ratios = f"{beside['p50'] / alone['p50']:.2f}, {beside['p95'] / alone['p95']:.2f}"
    memory = {name: ", ".join(f"{size:.0f}" for size in sizes) for name, sizes in course.items()}
    grown = ", ".join(f"{growth[name]:.1f}" for name in ("server", "engine"))
    most = ", ".join(f"{FLAT * course[name][-1]:.1f}" for name in ("server", "engine"))
    busy = numbers["busy"]
    shares = ", ".join(f"{busy[name]:.0%}" for name in ("clients", "server", "engine"))
    at_once, at_most = f"{numbers['most_active']}; {numbers['active_at_the_end']}", numbers["most_requests"]
    seen = markdown(("", "seen", "wanted"), [
        (f"{numbers['clients']} clients: replies 200, 429", f"{statuses.get('200', 0)}, {statuses.get('429', 0)}", ""),
        ("other replies", others or "none", "none"),
        ("given up by their clients", numbers["given_up"], ""),
        ("lost", numbers["lost"] or "none", "none"),
        ("a reply, ms: p50, p95", f"{reply['p50']:.0f}, {reply['p95']:.0f}", ""),
        ("most at once; at the end", at_once, f"at most {at_most}; 0"),
        ("an answer in the editor, ms: p50, p95, alone", f"{alone['p50']:.0f}, {alone['p95']:.0f}", ""),
        ("beside the clients", f"{beside['p50']:.0f}, {beside['p95']:.0f}", ""),
        ("ratio of p50, p95", ratios, f"p50 at most {WANTED_RATIO}"),
        ("memory of the server at the start, after half of the time, at the end, MB", memory["server"], ""),
        ("of the engine, without keys and values kept", memory["engine"], ""),
        ("of these", memory["slabs"], "at most 512"),
        ("growth in the second half, MB a minute: server, engine without these", grown, f"flat: at most {most}"),
        ("of a core, beside the clients: they, server, engine", shares, ""),
    ])  # fmt: skip
    before, after = numbers["stages_alone_ms"], numbers["stages_beside_ms"]
    rows = [(name, f"{before[name]:.1f}", f"{after.get(name, 0.0):.1f}") for name in before]
    return f"{seen}\n\n{markdown(('stage of the editor, median ms', 'alone', 'beside'), rows)}"


if __name__ == "__main__":
    main()
