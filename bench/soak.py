"""A working day in minutes: does the language server's memory stay flat?

    python -m bench.soak [--messages 200000]

A client types, completes, gives up half of what it asked for, saves, closes and opens documents, over real pipes.
The service behind the server is scripted, so that the messages cost what they cost the front alone.  Every so
many messages the process's memory, its file handles and the tasks of its event loop are taken.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import track

from bench.common import markdown, write_results
from bench.window import Window
from tests.lsp_server.wire import ROOT

SCRIPTED = (sys.executable, "-m", "tests.lsp_server.scripted_server")
DOCUMENTS = 12
ROUNDS = 40
LINE = "total = sum(account.balance for account in ledger.accounts)\n"
WANTED_MB_PER_10K = 1.0


@dataclass(frozen=True)
class Sample:
    """What the server held after so many messages.

    Attributes:
        messages: From the client, so far.
        memory_mb: Resident.
        handles: Open files and pipes.
        tasks: Of the event loop.
    """

    messages: int
    memory_mb: float
    handles: int
    tasks: int


class Day:
    """A client at work."""

    def __init__(self, window: Window, seed: int) -> None:
        """Type into ``window``."""
        self._window = window
        self._chance = random.Random(seed)
        self._open: dict[str, int] = {}
        self.messages = 0

    def work(self, messages: int) -> None:
        """Send at least so many more messages and wait for every reply."""
        until = self.messages + messages
        while self.messages < until:
            self._minute(f"file:///project/m{self._chance.randrange(DOCUMENTS)}.py")

    def _minute(self, uri: str) -> None:
        if uri not in self._open:
            self._window.open(uri, LINE * 200)
            self._open[uri] = 1
            self.messages += 1
        asked = []
        line = self._chance.randrange(200)
        for character in range(20):
            place = {"line": line, "character": character}
            self._open[uri] += 1
            self._window.edit(uri, place, place, self._chance.choice("abc(). "), self._open[uri])
            asked.append(self._window.complete(uri, {"line": line, "character": character + 1}))
            self.messages += 2
            if self._chance.random() < 0.5:
                self._window.notify("$/cancelRequest", {"id": asked[-1]})
                self.messages += 1
        self._window.edit(uri, {"line": line, "character": 0}, {"line": line, "character": 20}, "", self._open[uri])
        self._window.notify("textDocument/didSave", {"textDocument": {"uri": uri}})
        self.messages += 2
        for number in asked:
            self._window.reply(number)
        if self._chance.random() < 0.2:
            self._window.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
            del self._open[uri]
            self.messages += 1
        self._window.notices.clear()


def main() -> None:
    """Measure, print and write the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=200_000)
    options = parser.parse_args()
    samples = soak(options.messages)
    numbers = summary(samples)
    table = as_table(numbers)
    print(table)
    write_results("soak", {"samples": [asdict(sample) for sample in samples], **numbers}, table)


def soak(messages: int) -> list[Sample]:
    """Send so many messages and return what the server held meanwhile."""
    with tempfile.TemporaryDirectory() as folder:
        window = Window(Path(folder), SCRIPTED, PYTHONPATH=str(ROOT))
        window.wait_until_ready()
        day = Day(window, seed=3)
        day.work(messages // ROUNDS)  # the first messages fill what is kept for all the others
        samples = [sample(window, day.messages)]
        for _ in track(range(ROUNDS - 1), "a day's messages"):
            day.work(messages // ROUNDS)
            samples.append(sample(window, day.messages))
        window.leave()
    return samples


def sample(window: Window, messages: int) -> Sample:
    """Look at the server's process; nothing is in flight."""
    window.open("file:///project/tasks.py", f"tasks\n# after {messages}\n")
    reply, _ = window.reply(window.complete("file:///project/tasks.py", {"line": 0, "character": 5}))
    window.notify("textDocument/didClose", {"textDocument": {"uri": "file:///project/tasks.py"}})
    tasks = int(reply["result"]["items"][0]["insertText"].removeprefix("tasks"))
    pid = window.process.pid
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    memory = pages * os.sysconf("SC_PAGE_SIZE") / 2**20
    return Sample(messages, round(memory, 2), len(os.listdir(f"/proc/{pid}/fd")), tasks)


def summary(samples: list[Sample]) -> dict[str, Any]:
    """Return the figures of a day."""
    slope = np.polyfit([one.messages for one in samples], [one.memory_mb for one in samples], 1)[0]
    return {
        "messages": samples[-1].messages,
        "memory_mb": [samples[0].memory_mb, samples[-1].memory_mb],
        "mb_per_10k": float(10_000 * slope),
        "handles": [samples[0].handles, samples[-1].handles],
        "tasks": [samples[0].tasks, samples[-1].tasks],
        "wanted_mb_per_10k": WANTED_MB_PER_10K,
    }


def as_table(numbers: dict[str, Any]) -> str:
    """Return the table."""
    rows = [
        ("messages", f"{numbers['messages']:,}"),
        ("memory, MB, first and last", "{:.1f} / {:.1f}".format(*numbers["memory_mb"])),
        ("growth by 10,000 messages, MB (wanted below 1)", f"{numbers['mb_per_10k']:.3f}"),
        ("file handles, first and last", "{} / {}".format(*numbers["handles"])),
        ("tasks, first and last", "{} / {}".format(*numbers["tasks"])),
    ]
    return markdown(("", ""), rows)


if __name__ == "__main__":
    main()
