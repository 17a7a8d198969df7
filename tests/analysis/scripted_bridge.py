"""A worker in place of the one around multilspy: it speaks the same protocol and does what the question says.

What it does is in the receiver: ``hang.``, ``die.``, ``garbage.``, ``nonsense.``, ``slow.``, ``refused.``, ``many.``,
``nothing.``; all others have the members ``balance`` and ``deposit``.  The server's program says how it starts:
``sleepy`` after a while, ``broken`` not at all.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

LISTED = [["deposit(${1:int})", 2], ["balance", 5], ["for", 14]]


def main() -> None:
    """Serve."""
    binary = json.loads(sys.stdin.readline())["binary"]
    if binary.endswith("broken"):
        say({"fatal": "the server has ended"})
        return
    if binary.endswith("sleepy"):
        time.sleep(4)
    say({"ready": "scripted 1.0"})
    for line in sys.stdin:
        question = json.loads(line)
        row = question["text"].split("\n")[question["line"]]
        answer(row[: question["character"]].strip().rstrip("."))


def answer(asked: str) -> None:
    """Do what is asked for."""
    if asked == "hang":
        time.sleep(60)
    elif asked == "die":
        os._exit(3)
    elif asked == "garbage":
        sys.stdout.write("Traceback (most recent call last):\n")
        sys.stdout.flush()
    elif asked in ("slow", "refused"):
        say({"error": asked})
    else:
        say({"result": RESULTS.get(asked, {"items": LISTED, "truncated": False})})


RESULTS: dict[str, Any] = {
    "nonsense": {"items": 3},
    "nothing": {"items": [], "truncated": False},
    "many": {"items": [[f"name{number}", 5] for number in range(4000)], "truncated": True},
}


def say(message: dict[str, Any]) -> None:
    """Write one line."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
