"""How long an editor waits: from a keystroke to the answer, over real pipes and a shared engine.

    python -m bench.lsp [--files 30] [--characters 40] [--pause-ms 100] [--windows 5]

Three measurements with `verifill lsp` as editors start it:

* *typing*: true text is typed into files of the standard library (`bench.keystrokes`), with a pause after each
  keystroke; from writing the change to reading the answer, by the kind of the answer and by stage;
* *typing along*: what was suggested is typed character by character, taken back and typed again: such answers
  must come from the window's own memory;
* *windows*: several fronts at once; how many engines and how much memory they take, and, the engine being killed
  while all of them wait, the longest time until one is answered again;
* *storm*: 200 requests a second, each cancelled, for ten seconds: replies, and what an answer takes after it.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from rich.progress import track

from bench.common import markdown, write_results
from bench.keystrokes import State, places, typed
from bench.window import Message, Window
from completion.hosts import control
from completion.hosts.run_folder import engines, run_folder

ALONG = 12
STORM_S, STORM_PER_S, CANCEL_AFTER_S = 10.0, 200, 0.002
PERCENTILES = ("p50", "p95", "p99", "server_p99")
WANTED_KEPT_MS, WANTED_BACK_S = 5.0, 10.0


@dataclass(frozen=True)
class Answer:
    """One keystroke's answer.

    Attributes:
        kind: Who gave it, as the server's trace says.
        ms: From writing the change to having read the answer.
        server_ms: Of these in the server, from the request to its reply; None if it does not say.
        stages: Milliseconds of an engine's work by stage; empty where no engine was asked.
    """

    kind: str
    ms: float
    server_ms: float | None
    stages: Mapping[str, float]


class Typist:
    """Types into one document of a window."""

    def __init__(self, window: Window, uri: str, state: State) -> None:
        """Open the document."""
        self._window, self._uri, self._state, self._version = window, uri, state, 1
        window.open(uri, state.before + state.behind)

    def type(self, state: State) -> tuple[Answer, str | None]:
        """Go on to ``state`` and return the answer there with its text, the cursor's line included."""
        begin = time.perf_counter()
        self._edit(state)
        number = self._window.complete(self._uri, position(state.before, len(state.before)))
        message, moment = self._window.reply(number)
        items = (message.get("result") or {"items": []})["items"]
        told = self._told()
        kind = told.get("answer", "model") if items else "none"
        answer = Answer(kind, 1000 * (moment - begin), told.get("server_ms"), told.get("timings_ms", {}))
        return answer, items[0]["insertText"] if items else None

    def _edit(self, state: State) -> None:
        """Send what differs."""
        old, new = self._state.before + self._state.behind, state.before + state.behind
        same = len(os.path.commonprefix((old, new)))
        tail = len(os.path.commonprefix((old[same:][::-1], new[same:][::-1])))
        self._version += 1
        start, end = position(old, same), position(old, len(old) - tail)
        self._window.edit(self._uri, start, end, new[same : len(new) - tail], self._version)
        self._state = state

    def _told(self) -> dict[str, Any]:
        """Return what the server's trace says of the answer."""
        traces = [notice["params"] for notice in self._window.notices if notice["method"] == "$/logTrace"]
        self._window.notices.clear()
        return dict(json.loads((traces[-1].get("verbose") if traces else None) or "{}"))


def main() -> None:
    """Measure, print and write the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=30)
    parser.add_argument("--characters", type=int, default=40, help="typed into each file")
    parser.add_argument("--pause-ms", type=float, default=100.0, help="between an answer and the next keystroke")
    parser.add_argument("--windows", type=int, default=5)
    parser.add_argument("--seed", type=int, default=5, help="of the choice of files")
    options = parser.parse_args()
    with own_engine() as folder:
        window = Window(folder)
        window.wait_until_ready()
        files = places(options.files, options.seed)
        typing = [answer for path in track(files, "typing") for answer in replay(window, path, options)]
        along = [answer for path in track(files, "typing along") for answer in type_along(window, path, options)]
        storm = cancel_storm(window)
        window.leave()
    with own_engine() as folder:
        together = several_windows(folder, options.windows)
    numbers = {
        "typing": {"answers": [asdict(answer) for answer in typing], **percentiles(typing)},
        "typing_along": {"answers": [asdict(answer) for answer in along], **percentiles(along)},
        "windows": together,
        "storm": storm,
        "wanted": {"kept_ms": WANTED_KEPT_MS, "back_s": WANTED_BACK_S},
        "load_average": os.getloadavg(),
    }
    table = as_table(typing, along, together, storm)
    print(table)
    write_results("lsp", numbers, table)


@contextmanager
def own_engine() -> Iterator[Path]:
    """Have engines of one's own, in a folder for the window to stand in; they end with it."""
    with tempfile.TemporaryDirectory(prefix="vf") as base:
        os.environ["XDG_RUNTIME_DIR"] = base
        project = Path(base) / "project"
        project.mkdir()
        try:
            yield project
        finally:
            for files in engines(run_folder()):
                control.stop(files)


def replay(window: Window, path: Path, options: argparse.Namespace) -> Iterator[Answer]:
    """Type the true text of a place in a file."""
    states = typed(path.read_text(encoding="utf-8", errors="replace"), options.characters, random.Random(path.name))
    typist = Typist(window, f"file:///project/{path.name}", next(states))
    for state in states:
        time.sleep(options.pause_ms / 1000)
        yield typist.type(state)[0]
    window.notify("textDocument/didClose", {"textDocument": {"uri": f"file:///project/{path.name}"}})


def type_along(window: Window, path: Path, options: argparse.Namespace) -> Iterator[Answer]:
    """Type what is suggested at a place, take it back, and type it again."""
    states = typed(path.read_text(encoding="utf-8", errors="replace"), options.characters, random.Random(path.name))
    state = next(states)
    uri = f"file:///project/along/{path.name}"
    typist = Typist(window, uri, state)
    _, text = typist.type(state)
    if text is not None:
        new = text[len(state.before) - state.before.rfind("\n") - 1 :]
        shown = [State(state.before + new[:length], state.behind) for length in range(1, min(ALONG, len(new)))]
        for step in (*shown, *shown[-2::-1], *shown[1:]):
            time.sleep(options.pause_ms / 1000)
            yield typist.type(step)[0]
    window.notify("textDocument/didClose", {"textDocument": {"uri": uri}})


def cancel_storm(window: Window) -> dict[str, Any]:
    """Ask and give up, 200 times a second, and see how the engine stands afterwards."""
    uri, code = "file:///project/storm.py", "import os\n" * 200 + "here = os.pa\n"
    window.open(uri, code)
    place = position(code, len(code) - 1)
    # At the ends of lines, each once: nothing that is kept answers there, and the storm asks elsewhere.
    before = [timed(window, uri, {"line": line, "character": 9}) for line in range(100, 105)]
    numbers, begin = [], time.perf_counter()
    for index in range(int(STORM_S * STORM_PER_S)):
        time.sleep(max(0.0, begin + index / STORM_PER_S - time.perf_counter()))
        window.edit(uri, place, place, "", index + 2)
        # Another line each time: nothing that is kept answers it.
        numbers.append(window.complete(uri, {"line": index % 200, "character": index % 9}))
        time.sleep(CANCEL_AFTER_S)
        window.notify("$/cancelRequest", {"id": numbers[-1]})
    replies = [window.reply(number)[0] for number in numbers]
    after = timed(window, uri, {"line": 105, "character": 9})
    cancelled = sum(reply.get("error", {}).get("code") == -32800 for reply in replies)
    return {
        "requests": len(numbers),
        "replies": len(replies),
        "cancelled": cancelled,
        "answered": len(replies) - cancelled,
        "answer_ms_before": median(before),
        "answer_ms_after": after,
    }


def timed(window: Window, uri: str, place: Message) -> float:
    """Ask explicitly and return the milliseconds until the answer."""
    begin = time.perf_counter()
    _, moment = window.reply(window.complete(uri, place, automatic=False))
    return 1000 * (moment - begin)


def several_windows(folder: Path, count: int) -> dict[str, Any]:
    """Have several fronts ask one engine, kill it while all of them wait, and see them served again."""
    windows = [Window(folder) for _ in range(count)]
    for window in windows:
        window.wait_until_ready()
    served = sum(suggestion(window, number, 0) for number, window in enumerate(windows))
    (files,) = engines(run_folder())
    record = files.read_record()
    assert record is not None
    memory = [resident_mb(window.process.pid) for window in windows]
    shared = {"engines": len(list(engines(run_folder()))), "engine_mb": resident_mb(record.pid)}
    asked = [ask(window, number, 1) for number, window in enumerate(windows)]
    begin = time.perf_counter()
    os.kill(record.pid, signal.SIGKILL)
    back = [window.reply(number)[1] - begin for window, number in zip(windows, asked, strict=True)]
    again = sum(suggestion(window, number, 2) for number, window in enumerate(windows))
    for window in windows:
        window.leave()
    return {"windows": count, "served": served, "served_again": again, "back_s": back, "front_mb": memory, **shared}


def ask(window: Window, number: int, part: int) -> int:
    """Open a document of one's own and ask in it."""
    uri, code = f"file:///project/w{number}_{part}.py", f"import os\n\npart_{part} = os.pa"
    window.open(uri, code)
    return window.complete(uri, position(code, len(code)), automatic=False)


def suggestion(window: Window, number: int, part: int) -> bool:
    """Whether a window is given a text."""
    return bool(window.reply(ask(window, number, part))[0].get("result"))


def resident_mb(pid: int) -> float:
    """Return a process's memory."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def position(text: str, offset: int) -> Message:
    """Return the position of an offset in UTF-16; the files hold no line ends but line feeds."""
    start = text.rfind("\n", 0, offset) + 1
    return {"line": text.count("\n", 0, start), "character": len(text[start:offset].encode("utf-16-le")) // 2}


def percentiles(answers: Sequence[Answer]) -> dict[str, Any]:
    """Return p50, p95 and p99 of all answers and of each kind, and the p99 in the server alone."""
    kinds = defaultdict(list)
    for answer in answers:
        kinds["all"].append(answer)
        kinds[answer.kind].append(answer)
    return {kind: _percentiles(found) for kind, found in sorted(kinds.items())}


def _percentiles(answers: Sequence[Answer]) -> dict[str, Any]:
    p50, p95, p99 = map(float, np.percentile([answer.ms for answer in answers], (50, 95, 99)))
    in_server = [answer.server_ms for answer in answers if answer.server_ms is not None]
    server = float(np.percentile(in_server, 99)) if len(in_server) == len(answers) else None
    return {"n": len(answers), "p50": p50, "p95": p95, "p99": p99, "server_p99": server}


def as_table(
    typing: Sequence[Answer], along: Sequence[Answer], together: Mapping[str, Any], storm: Mapping[str, Any]
) -> str:
    """Return the tables: answers by kind, stages of the model's answers, windows and storm."""
    rows = [
        (name, kind, row["n"], *(f"{row[p]:.1f}" if row[p] is not None else "" for p in PERCENTILES))
        for name, answers in (("typing", typing), ("typing along", along))
        for kind, row in percentiles(answers).items()
    ]
    answers = markdown(("", "answer", "n", "p50, ms", "p95, ms", "p99, ms", "p99 in the server"), rows)
    worked = [answer for answer in typing if answer.stages]
    stages = sorted({stage for answer in worked for stage in answer.stages})
    split = [
        (stage, *(f"{value:.1f}" for value in np.percentile([a.stages.get(stage, 0.0) for a in worked], (50, 95))))
        for stage in stages
    ]
    by_stage = markdown(("stage of the engine's answers", "p50, ms", "p95, ms"), split)
    rest = markdown(("", ""), [
        ("windows, engines", f"{together['windows']}, {together['engines']}"),
        ("engine, MB; a front, MB", f"{together['engine_mb']:.0f}; {max(together['front_mb']):.0f}"),
        ("answered again after kill -9, longest, s (wanted 10)", f"{max(together['back_s']):.1f}"),
        ("storm: requests, replies, cancelled", f"{storm['requests']}, {storm['replies']}, {storm['cancelled']}"),
        ("an answer before and right after it, ms", f"{storm['answer_ms_before']:.0f}, {storm['answer_ms_after']:.0f}"),
    ])  # fmt: skip
    return "\n\n".join((answers, by_stage, rest))


if __name__ == "__main__":
    main()
