"""The other end of ``piped``: what every module that answers there does."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Sequence

Write = Callable[[Sequence[int], int], Sequence[int]]


def answer_with(write: Write) -> None:
    """Answer the questions on standard input, one a line, until it ends; what libraries print goes elsewhere."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for line in sys.stdin:
        question = json.loads(line)
        begin = time.perf_counter()
        tokens = write(question["prompt"], question["most"])
        seconds = time.perf_counter() - begin
        print(json.dumps({"tokens": [int(token) for token in tokens], "seconds": seconds}), file=answers, flush=True)
