"""A worker process that breaks where it is told to, and is the real one otherwise.

What it does is in the name of the receiver: ``hang``, ``grow``, ``garbage``, ``nonsense``, ``endless``, ``die``.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from typing import Any, TextIO

from analysis.analyzers.jedi import worker as jedi_worker

# Beyond what a worker may keep, and within what it may ask for.
GROWN = 2 << 30


def main() -> None:
    """Serve with faults."""
    source, sink = jedi_worker.claim_pipes()
    jedi_worker.configure(sys.argv[1])
    jedi_worker.say(sink, {"ready": "faulty"})
    for reply in jedi_worker.serve(with_faults(source, sink)):
        jedi_worker.say(sink, reply)


def with_faults(source: TextIO, sink: TextIO) -> Iterator[str]:
    """Yield requests; those that ask for a fault get it on the way."""
    for line in source:
        message: dict[str, Any] = json.loads(line)
        fault = FAULTS.get(message.get("receiver", ""))
        if fault is None or fault(sink):
            yield line


def hang(sink: TextIO) -> bool:
    """Answer after a minute."""
    time.sleep(60)
    return True


def grow(sink: TextIO) -> bool:
    """Take memory, for good, and answer."""
    HOARD.append(bytearray(b"\x01") * GROWN)
    return True


def garbage(sink: TextIO) -> bool:
    """Write a line that is no JSON."""
    sink.write("Traceback (most recent call last):\n")
    sink.flush()
    return False


def nonsense(sink: TextIO) -> bool:
    """Write a line that is no answer."""
    jedi_worker.say(sink, {"names": 3, "kind": None})
    return False


def endless(sink: TextIO) -> bool:
    """Write a line that does not end."""
    for _ in range(64):
        sink.write("x" * (1 << 20))
    sink.flush()
    time.sleep(60)
    return False


def die(sink: TextIO) -> bool:
    """End without a word."""
    os._exit(3)


HOARD: list[bytearray] = []
FAULTS = {"hang": hang, "grow": grow, "garbage": garbage, "nonsense": nonsense, "endless": endless, "die": die}

if __name__ == "__main__":
    main()
