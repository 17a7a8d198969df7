"""What an engine process of its own is good for.

    python -m bench.host [--model FOLDER] [--rounds 20] [--kills 5]

A front completes while a thread of its own is busy as an editor's front can be: it parses the
message of a ``didOpen`` of 20 MB, cuts the text into lines and counts words, over and over.
The step is the engine's own: decode time by forward pass, without drafters and monitors.  It is taken alone,
beside that thread, and beside a program that does the same and has nothing to do with Verifill: what that
costs is the machine's doing (cores, memory, other work), not ours.  The model is in the front's process and in an
engine's, all in turns.
Then the engine is killed in the middle of a completion, and the time until the front has the answer is taken.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from statistics import median
from typing import Any

from rich.progress import track

from bench.common import markdown, write_results
from completion.hosts.run_folder import engines, run_folder
from completion.loading import Service
from completion.types import CompletionRequest, Document, Limits
from verifill.options import ModelOptions
from verifill.wiring import host_for

LINE = "    total = sum(account.balance for account in ledger.accounts)  # of all quarters\n"
DOCUMENT_BYTES = 20_000_000
CODE = "def total(ledger):\n    return "

WANTED_RATIO = 1.1
WANTED_ANSWER_S = 5.0

_ELSEWHERE = """
import threading
from bench.host import opened, work
message = opened()
print(flush=True)
work(message, threading.Event())
"""

HOSTS = {"in the front's process": True, "in an engine process": False}


def main() -> None:
    """Measure, print and write the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="checkpoint folder; else the embedded model")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--kills", type=int, default=5)
    options = parser.parse_args()
    model = ModelOptions(options.model)
    steps = measure_steps(model, options.rounds)
    answers = [answer_after_kill(model) for _ in track(range(options.kills), "killing engines")]
    rows = [summary(name, steps[name]) for name in HOSTS]
    head = ("where the model runs", "step alone, ms", "beside a busy front", "beside another busy program")
    table = markdown(head, rows)
    after = (
        f"Killed in the middle of a completion of {median(alone for alone, _ in answers):.1f} s: "
        f"the answer after {median(killed for _, killed in answers):.1f} s "
        f"(longest {max(killed for _, killed in answers):.1f} s), "
        f"of which {median(killed - alone for alone, killed in answers):.1f} s are the new engine's start."
    )
    print(table, after, sep="\n\n")
    numbers = {
        "steps_ms": steps,
        "answers_undisturbed_and_after_kill_s": answers,
        "wanted": {"ratio": WANTED_RATIO, "answer_s": WANTED_ANSWER_S},
        "load_average": os.getloadavg(),
    }
    write_results("host", numbers, f"{table}\n\n{after}")


def measure_steps(model: ModelOptions, rounds: int) -> dict[str, dict[str, list[float]]]:
    """Return milliseconds by step, one number a round: by host, alone and beside each kind of work."""
    services = {name: host_for(model, in_process).open() for name, in_process in HOSTS.items()}
    steps: dict[str, dict[str, list[float]]] = {name: {work: [] for work in WORKS} for name in services}
    for service in services.values():
        step_ms(service)
    for _ in track(range(rounds), "steps"):
        for name, service in services.items():
            for work, beside in WORKS.items():
                with beside():
                    steps[name][work].append(step_ms(service))
    for service in services.values():
        service.close()
    return steps


def step_ms(service: Service) -> float:
    """Complete, and return the time of a forward pass as the engine measured it."""
    result = service.complete_now(request(max_tokens=24))
    return float(result.timings_ms["decode"] / result.counters["forward_passes"])


def answer_after_kill(model: ModelOptions) -> tuple[float, float]:
    """Return the seconds of a completion, and those from killing the engine in the middle of it to its answer."""
    service = host_for(model, in_process=False).open()
    (files,) = engines(run_folder())
    record = files.read_record()
    assert record is not None
    killed: list[float] = []

    def kill() -> None:
        os.kill(record.pid, signal.SIGKILL)
        killed.append(time.perf_counter())

    asked = request(max_tokens=64, candidates=16)
    begin = time.perf_counter()
    service.complete_now(asked)
    alone = time.perf_counter() - begin
    threading.Timer(alone / 2, kill).start()
    service.complete_now(asked)
    after = time.perf_counter() - killed[0]
    service.close()
    return alone, after


def request(max_tokens: int, candidates: int = 1) -> CompletionRequest:
    """Return a request that is decoding and nothing else."""
    return CompletionRequest(
        document=Document("/project/ledger.py", CODE),
        offset=len(CODE),
        workspace="/project",
        facts="none",
        monitors=(),
        drafters=(),
        candidates=candidates,
        limits=Limits(max_tokens=max_tokens),
    )


@contextmanager
def busy() -> Iterator[None]:
    """Keep a thread of this process at work on a large document."""
    message, done = opened(), threading.Event()
    thread = threading.Thread(target=work, args=(message, done))
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


@contextmanager
def busy_elsewhere() -> Iterator[None]:
    """Keep another process at the same work."""
    with subprocess.Popen([sys.executable, "-c", _ELSEWHERE], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        try:
            yield
        finally:
            other.kill()


def opened() -> str:
    """Return the message of a large document."""
    return json.dumps({"text": LINE * (DOCUMENT_BYTES // len(LINE))})


def work(message: str, done: threading.Event) -> None:
    """Parse it and look at all of it, over and over."""
    while not done.is_set():
        for line in json.loads(message)["text"].split("\n"):
            line.split()
            if done.is_set():
                return


WORKS: dict[str, Callable[[], AbstractContextManager[None]]] = {
    "alone": nullcontext,
    "beside a busy front": busy,
    "beside another busy program": busy_elsewhere,
}


def summary(name: str, steps: dict[str, list[float]]) -> tuple[Any, ...]:
    """Return a row of the table."""
    alone, *others = (steps[work] for work in WORKS)
    ratios = (median(b / a for a, b in zip(alone, other, strict=True)) for other in others)
    return name, f"{median(alone):.2f}", *(f"{ratio:.2f} times" for ratio in ratios)


if __name__ == "__main__":
    main()
